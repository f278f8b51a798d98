"""The clients of a soak test: they submit, follow, download and delete jobs, read statuses and lists, and listen."""

import collections
import hashlib
import http.client
import json
import queue
import random
import threading
import time
import uuid
from datetime import datetime

from .package import choose_archive, choose_report, to_json

TIMEOUT = 30
# A request that no server answers for this long is stuck. Redis and servers are away for seconds.
PATIENCE = 120
JOB_CLIENTS = 40
POLLERS = 4
LISTENERS = 4
# The share of jobs that are deleted before they end, and of files that are deleted after their download.
DELETED_EARLY, DELETED_LATE = 0.08, 0.85
# For each job so many statuses and lists are read by others.
STATUSES, LISTS = 8, 0.5
# Jobs older than this share of their life may be gone at any moment.
SAFE_LIFE = 0.8


class Stopped(Exception):
    """The time for a request, or of the whole test, is over."""


class Job:
    def __init__(self, job_id, kind):
        self.job_id, self.kind = job_id, kind
        self.born = time.monotonic()
        # From the moment at which a client begins to delete it, and from the one at which a server has confirmed that.
        self.is_deleted = self.was_deleted = False


class Load:
    """What all clients share. `deadline` is when they stop following jobs; it is set when the load ends."""

    def __init__(self, fleet, figures, ids, rate, seed, ttl):
        self.fleet, self.figures, self.ids, self.rate, self.ttl = fleet, figures, ids, rate, ttl
        self.rng = random.Random(seed)
        self.tokens = queue.Queue()
        self.jobs = collections.deque(maxlen=2000)  # For those that read statuses.
        self.accepted, self.unfinished = {}, set()
        self.over = threading.Event()
        self.deadline = None
        self.threads = []

    def start(self):
        clients = [(JobClient, JOB_CLIENTS), (Poller, POLLERS), (Listener, LISTENERS), (Arrivals, 1)]
        for kind, number in clients:
            for _ in range(number):
                client = kind(self, self.rng.random())
                self.threads.append(client)
                client.start()

    def stop(self, patience):
        """Ends the load. Clients of jobs go on until these have ended, at most so many seconds."""
        self.deadline = time.monotonic() + patience
        self.over.set()
        for client in self.threads:
            if isinstance(client, Listener):
                client.cut_off()
        for client in self.threads:
            client.join(max(1, self.deadline + 5 - time.monotonic()))

    def compare_records(self, job_ids):
        """Counts accepted jobs that have no record, and deleted ones that have one."""
        for job in self.accepted.values():
            if job.job_id in job_ids:
                if job.was_deleted:
                    self.figures.add_error("jobs returned", f"{job.job_id} was deleted and is there again")
            elif not job.is_deleted and not self.may_have_expired(job):
                self.figures.add_error("jobs lost", f"{job.job_id} has no record in the end")

    def may_have_expired(self, job):
        return time.monotonic() - job.born > SAFE_LIFE * self.ttl

    def is_past_deadline(self):
        return self.deadline is not None and time.monotonic() > self.deadline


class Client(threading.Thread):
    """A thread with a connection to each server."""

    def __init__(self, load, seed):
        super().__init__(daemon=True)
        self.load, self.figures = load, load.figures
        self.rng = random.Random(seed)
        self.connections = {}  # server -> (connection, generation, time of the last use)

    def run(self):
        try:
            self.work()
        except Stopped:
            pass
        except Exception as error:  # A fault of this program must not look like a quiet client.
            self.figures.add_error("errors of the test itself", repr(error))
        finally:
            for connection, *_ in self.connections.values():
                connection.close()

    def work(self):
        raise NotImplementedError

    def pause(self, seconds):
        """Waits; returns at once when the load has ended."""
        self.load.over.wait(seconds)

    def connect(self, server):
        """A connection to a server and the generation of it, kept from an earlier request if that is recent."""
        kept = self.connections.get(server.name)
        # Servers close connections that are idle for a minute.
        if kept and time.monotonic() - kept[2] < 20:
            return kept[0], kept[1]
        if kept:
            kept[0].close()
        return http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT), server.generation

    def send(self, method, path, body=None, headers=None, what=None):
        """Sends a request to a random server, again until one answers with something other than 503.

        `what` names the times that the answer is added to. Returns the status, the headers and the body.
        """
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE and not self.load.is_past_deadline():
            server = self.rng.choice(self.load.fleet.servers)
            connection, generation = self.connect(server)
            was_up = server.is_up
            sent = time.monotonic()
            try:
                connection.request(method, path, body, headers or {})
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.connections.pop(server.name, None)
                self.count_broken(server, generation, was_up, f"{method} {path}: {error!r}")
                time.sleep(0.2)
                continue
            self.connections[server.name] = (connection, generation, time.monotonic())
            if response.status == 503 and response.headers.get("Retry-After"):
                self.figures.count("503")
                time.sleep(0.5)
                continue
            self.figures.count("answers")
            if response.status >= 500:
                self.figures.add_error("errors of running servers",
                                       f"{method} {path}: {response.status} {content[:200]}")
                time.sleep(0.5)
                continue
            if what:
                self.figures.add_time(what, time.monotonic() - sent)
            return response.status, response.headers, content
        if not self.load.is_past_deadline():
            self.figures.add_error("errors of running servers", f"{method} {path}: no answer for {PATIENCE} s")
        raise Stopped

    def count_broken(self, server, generation, was_up, text):
        """Counts a connection that broke: by a restart, or although the server was running."""
        if server.generation != generation or not was_up or not server.is_up:
            self.figures.count("lost to restarts")
        elif not self.load.is_past_deadline():
            self.figures.add_error("errors of running servers", text)

    def read_status(self, job, headers=None, what="status"):
        """The status of a job; `None` if it is not there."""
        status, _, content = self.send("GET", f"/api/exports/{job.kind}/{job.job_id}", headers=headers, what=what)
        if status == 200:
            return json.loads(content)
        if status != 404 or not (job.is_deleted or self.load.may_have_expired(job)):
            self.figures.add_error("jobs lost", f"{job.job_id}: status {status}")
        return None


class Arrivals(Client):
    """Lets jobs come at random times, at a steady rate."""

    def work(self):
        while not self.load.over.is_set():
            self.pause(self.rng.expovariate(self.load.rate))
            self.load.tokens.put(True)


class JobClient(Client):
    """Takes a job that comes, submits it, follows it to its end, and downloads or deletes it."""

    def work(self):
        while not self.load.over.is_set():
            try:
                self.load.tokens.get(timeout=0.5)
            except queue.Empty:
                continue
            self.run_job()

    def run_job(self):
        kind, body = self.choose_request()
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.UUID(int=self.rng.getrandbits(128)))}
        status, _, content = self.send("POST", f"/api/exports/{kind}", to_json(body), headers, what="submission")
        if status != 202:
            return self.figures.add_error("errors of running servers", f"submission: {status} {content[:200]}")
        job = Job(json.loads(content)["job_id"], kind)
        self.load.accepted[job.job_id] = job
        self.load.unfinished.add(job.job_id)
        self.load.jobs.append(job)
        self.figures.count("submitted")
        if self.rng.random() < DELETED_EARLY:
            time.sleep(self.rng.uniform(0, 1))
            return self.delete(job)
        follow = self.rng.choice([self.poll, self.await_end, self.listen])
        end = follow(job)
        if end is None:
            return None
        self.load.unfinished.discard(job.job_id)
        if end["status"] == "failed":
            return self.figures.add_error("failed", f"{kind}: {end['error_message']}")
        self.figures.count("completed")
        self.figures.add_time("completion", read_seconds(end["completed_at"]) - read_seconds(end["created_at"]))
        self.download(end)
        if self.rng.random() < DELETED_LATE:
            self.delete(job)
        return None

    def choose_request(self):
        if self.rng.random() < 0.5:
            return "pdf", choose_report(self.rng)
        return "zip", choose_archive(self.load.ids, self.rng.choice([1, 1, 2, 4]), self.rng)

    def poll(self, job):
        while (status := self.read_status(job)) and status["status"] == "processing":
            time.sleep(0.3)
        return status

    def await_end(self, job):
        headers = {"Prefer": "wait=10"}
        while (status := self.read_status(job, headers, what=None)) and status["status"] == "processing":
            time.sleep(0.01)
        return status

    def listen(self, job):
        """Follows the events of a job; if they end with the server, polls."""
        server = self.rng.choice(self.load.fleet.servers)
        stream = EventStream(self, server, f"/api/exports/{job.job_id}/events")
        try:
            for name, data in stream.read():
                if name == "status" and data["status"] != "processing":
                    return data
        except (OSError, http.client.HTTPException) as error:
            stream.count_end(repr(error))
        finally:
            stream.close()
        return self.poll(job)

    def download(self, end):
        status, _, content = self.send("GET", end["download_url"])
        if status != 200 or hashlib.sha256(content).hexdigest() != end["sha256"]:
            self.figures.add_error("downloads broken", f"{end['download_url']}: {status}, {len(content)} bytes")
        self.figures.count("downloads")

    def delete(self, job):
        job.is_deleted = True
        status, _, content = self.send("DELETE", f"/api/exports/{job.job_id}")
        # The answer to a first try may have been lost, so that the second finds nothing.
        if status not in (204, 404):
            self.figures.add_error("errors of running servers", f"deletion: {status} {content[:200]}")
        job.was_deleted = True
        self.load.unfinished.discard(job.job_id)
        self.figures.count("deleted")


class Poller(Client):
    """Reads statuses of jobs of others, and lists."""

    def work(self):
        due = time.monotonic()
        while not self.load.over.is_set():
            rate = self.load.rate * (STATUSES + LISTS) / POLLERS
            # One that was held up does not catch up.
            due = max(due + self.rng.expovariate(rate), time.monotonic())
            self.pause(due - time.monotonic())
            if self.rng.random() < LISTS / (STATUSES + LISTS):
                self.read_list()
            elif self.load.jobs:
                job = self.rng.choice(list(self.load.jobs)[-500:])
                if not job.is_deleted and not self.load.may_have_expired(job):
                    self.read_status(job)

    def read_list(self):
        options = self.rng.choice(["", "&status=completed", "&status=processing", "&kind=zip"])
        status, _, content = self.send("GET", f"/api/exports?limit=50{options}", what="list")
        if status != 200:
            self.figures.add_error("errors of running servers", f"list: {status} {content[:200]}")


class Listener(Client):
    """Follows the events of all jobs, on one server after the other."""

    stream = None

    def work(self):
        last = None
        while not self.load.over.is_set():
            server = self.rng.choice(self.load.fleet.servers)
            self.stream = EventStream(self, server, "/api/exports/events", last)
            try:
                for _ in self.stream.read():
                    self.figures.count("events")
                self.stream.count_end("the stream ended")
            except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
                # The last two come from a connection that `cut_off` has closed.
                self.stream.count_end(repr(error))
            finally:
                last = self.stream.last_id or last
                self.stream.close()
            self.pause(0.5)

    def cut_off(self):
        if self.stream is not None:
            self.stream.close()


class EventStream:
    """Server-Sent Events on a connection of their own."""

    def __init__(self, client, server, path, last=None):
        self.client, self.server, self.path, self.last_id = client, server, path, last
        self.generation, self.was_up = server.generation, server.is_up
        self.redis = client.load.fleet.redis
        self.redis_generation, self.redis_was_up = self.redis.generation, self.redis.is_up
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)

    def read(self):
        """Yields the name and the data of each event."""
        self.connection.request("GET", self.path, headers={"Last-Event-ID": self.last_id} if self.last_id else {})
        response = self.connection.getresponse()
        if response.status != 200:
            # 204 or 404: the job has ended, or is not there; its status shows which.
            response.read()
            self.note_refusal(response)
            return
        self.client.figures.count("answers")
        self.client.figures.count("streams")
        name, data = None, []
        while line := response.readline():
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "id":
                self.last_id = value
            elif field == "data":
                data.append(value)
            elif not field and not value and name:
                yield name, json.loads("\n".join(data))
                name, data = None, []

    def note_refusal(self, response):
        if response.status == 503 and response.headers.get("Retry-After"):
            self.client.figures.count("503")
        elif response.status not in (204, 404):
            self.client.figures.add_error("errors of running servers", f"GET {self.path}: {response.status}")

    def count_end(self, text):
        """Counts a stream that ended before its job did. A Redis that restarts ends streams as well."""
        if self.client.load.over.is_set():
            return
        if self.redis.generation != self.redis_generation or not (self.redis.is_up and self.redis_was_up):
            self.client.figures.count("lost to restarts")
            return
        self.client.count_broken(self.server, self.generation, self.was_up, f"GET {self.path}: {text}")

    def close(self):
        try:
            if self.connection.sock is not None:
                self.connection.sock.shutdown(2)
        except OSError:
            pass  # It is closed already.
        self.connection.close()


def read_seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
