"""The records of jobs in a store: copies of a real one under other ids, and the times that only the store knows.

A completed job is copied with all that its store keeps for it (`crates/jobs/src/redis/lua/common.lua`, the table
of SQLite), by the store's own means, which takes less than a minute for a million.
"""

import json
import random
import sqlite3
from datetime import datetime

from .redis_client import RedisClient

BATCH = 1000
# Copies the record, the work and the places of a job in the indexes. The ids are hashes, since real ones are random.
REDIS_COPY = """
local old, first, number = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local left, step = tonumber(ARGV[4]), tonumber(ARGV[5])
local record, work = redis.call('GET', 'export_job:' .. old), redis.call('HGETALL', 'trapline:job:' .. old)
local due = redis.call('ZSCORE', 'trapline:due', old)
local seq = redis.call('INCRBY', 'trapline:seq', number) - number
local pattern, ids, place = string.gsub(old, '%-', '%%-'), {}
for i = 1, #work, 2 do
  if work[i] == 'seq' then place = i + 1 end
end
for n = 1, number do
  local hash = redis.sha1hex(first + n)
  local id = string.sub(hash, 1, 8) .. '-' .. string.sub(hash, 9, 12) .. '-4' .. string.sub(hash, 13, 15) .. '-8' ..
    string.sub(hash, 16, 18) .. '-' .. string.sub(hash, 19, 30)
  redis.call('SET', 'export_job:' .. id, (string.gsub(record, pattern, id)), 'PX', left)
  local copy = {}
  for i, value in ipairs(work) do copy[i] = string.gsub(value, pattern, id) end
  copy[place] = seq + n
  redis.call('HSET', 'trapline:job:' .. id, unpack(copy))
  redis.call('PEXPIRE', 'trapline:job:' .. id, left + 60000)
  redis.call('ZADD', 'trapline:jobs', seq + n, id)
  redis.call('ZADD', 'trapline:due', due, id)
  if n % step == 0 then ids[#ids + 1] = id end
end
return ids
"""
NEW_ID = """lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||
    substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"""


def is_redis(store):
    return store.startswith("redis")


def copy_record(store, job, number):
    """Copies a completed job so many times, while no server uses the store. Returns ids of up to 1,000 copies."""
    return copy_in_redis(store, job, number) if is_redis(store) else copy_in_sqlite(store, job, number)


def copy_in_redis(store, job, number):
    chosen = []
    with RedisClient(store) as client:
        left = client.run("PTTL", f"export_job:{job}")
        script = client.run("SCRIPT", "LOAD", REDIS_COPY)
        step = max(1, number // 1000)  # Each so many of the ids are returned.
        starts = range(0, number, BATCH)
        for group in (starts[at:at + 20] for at in range(0, len(starts), 20)):
            copies = [("EVALSHA", script, 0, job, first, min(BATCH, number - first), left, step) for first in group]
            chosen += [job for jobs in client.run_all(copies) for job in jobs]
    return chosen


def open_sqlite(store):
    return sqlite3.connect(f"{store.removeprefix('sqlite:')}/jobs.sqlite", timeout=60)


def copy_in_sqlite(store, job, number):
    connection = open_sqlite(store)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(jobs)") if row[1] != "seq"]
    # `turn` grows with each job, an id is part of the name of the file.
    values = {"job_id": "n.id", "turn": "jobs.turn + n.number", "filename": "replace(jobs.filename, jobs.job_id, n.id)"}
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;")
    with connection:
        connection.execute(f"""WITH RECURSIVE n (number, id) AS
            (SELECT 1, {NEW_ID} UNION ALL SELECT number + 1, {NEW_ID} FROM n WHERE number < ?1)
            INSERT INTO jobs ({', '.join(columns)}) SELECT {', '.join(values.get(c, f'jobs.{c}') for c in columns)}
            FROM n CROSS JOIN jobs WHERE jobs.job_id = ?2""", (number, job))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    first, last = connection.execute("SELECT min(seq), max(seq) FROM jobs").fetchone()
    places = random.sample(range(first + 1, last + 1), min(1000, number))
    ids = [connection.execute("SELECT job_id FROM jobs WHERE seq = ?", (seq,)).fetchone()[0] for seq in places]
    connection.close()
    return ids


def read_wait(store, job):
    """Milliseconds from the submission to the start of a job, by the clock of the store."""
    if is_redis(store):
        with RedisClient(store) as client:
            record = json.loads(client.run("GET", f"export_job:{job}"))
        created, started = (datetime.fromisoformat(record[name].replace("Z", "+00:00"))
                            for name in ("created_at", "started_at"))
        return (started - created).total_seconds() * 1000
    connection = open_sqlite(store)
    try:
        return connection.execute("SELECT started_at - created_at FROM jobs WHERE job_id = ?", (job,)).fetchone()[0]
    finally:
        connection.close()
