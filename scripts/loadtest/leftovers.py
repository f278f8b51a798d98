"""What must not be left when all jobs have ended: jobs that are processing, files and records without each other."""

import json
import time

from benchmarks.redis_client import RedisClient

BATCH = 500


def read_records(url):
    """All records of jobs: id -> record."""
    with RedisClient(url) as client:
        cursor, keys = "0", set()
        while True:
            cursor, found = client.run("SCAN", cursor, "MATCH", "export_job:*", "COUNT", BATCH)
            keys.update(found)
            if cursor == "0":
                break
        keys = sorted(keys)
        texts = [text for at in range(0, len(keys), BATCH) for text in client.run("MGET", *keys[at:at + BATCH])]
    # One that has expired in the meantime is `None`.
    return {key.removeprefix("export_job:"): json.loads(text) for key, text in zip(keys, texts) if text}


def find_stuck(url, seconds):
    """The ids of the jobs that are still processing after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        stuck = [job for job, record in read_records(url).items() if record["status"] == "processing"]
        if not stuck or time.monotonic() > until:
            return stuck
        time.sleep(1)


def find_differences(fleet, seconds=120):
    """The files that no completed record names, and the files that such a record names and that do not exist.

    Servers look for the first every 30 seconds, so some that are there at first may be gone later.
    """
    until = time.monotonic() + seconds
    while True:
        files = fleet.list_files()
        wanted = {record["filename"] for record in read_records(fleet.url()).values()
                  if record["status"] == "completed"}
        left_over, missing = files - wanted, wanted - files
        if not (left_over or missing) or time.monotonic() > until:
            return sorted(left_over), sorted(missing)
        time.sleep(1)
