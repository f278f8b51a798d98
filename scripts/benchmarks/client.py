"""A client of both servers, which take the same requests. One connection, so that it costs them little."""

import http.client
import json
import time

from .settings import BenchError


class Client:
    """With `retries`, a status that the server fails to give is requested again, so often."""

    def __init__(self, port, retries=0, address="127.0.0.1", token=None):
        self.retries = retries
        self.connection = http.client.HTTPConnection(address, port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.last_use = 0.0

    def request(self, method, path, body=None):
        """Returns the body of the response."""
        status, content = self.send(method, path, body)
        for _ in range(self.retries):
            if status < 500 or method != "GET":
                break
            time.sleep(0.01)
            status, content = self.send(method, path, body)
        if status >= 300:
            raise BenchError(f"{method} {path}: {status} {content[:500].decode(errors='replace')}")
        return content

    def send(self, method, path, body=None):
        """Returns the status and the body of the response."""
        # Servers close connections that are idle for some seconds.
        if time.monotonic() - self.last_use > 2:
            self.connection.close()
        headers = {**self.headers, "Content-Type": "application/json"} if body else self.headers
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        self.last_use = time.monotonic()
        return answer.status, content

    def submit(self, kind, body):
        """Submits an export, and returns its id. `body` is JSON text."""
        return json.loads(self.request("POST", f"/api/exports/{kind}", body))["job_id"]

    def fetch_status(self, kind, job):
        return json.loads(self.request("GET", f"/api/exports/{kind}/{job}"))

    def wait(self, kind, job, pause=0.01):
        """Waits for the end of a job, and returns its last status."""
        while (status := self.fetch_status(kind, job))["status"] == "processing":
            time.sleep(pause)
        if status["status"] != "completed":
            raise BenchError(f"job {job} failed: {status}")
        return status

    def delete(self, job):
        self.request("DELETE", f"/api/exports/{job}")

    def run_jobs(self, kind, body, number):
        """Submits jobs at once and waits for all of them. Returns their statuses and the seconds.

        Only one job is polled at a time: when the last one is known to be completed, all are.
        """
        begun = time.perf_counter()
        jobs = [self.submit(kind, body) for _ in range(number)]
        statuses = [self.wait(kind, job) for job in jobs]
        return statuses, time.perf_counter() - begun
