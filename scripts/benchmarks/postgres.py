"""A private PostgreSQL server on a free port, as `crates/testkit/src/postgres.rs` starts it for tests."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from .processes import ChildProcess, capture_output, find_free_port
from .settings import BenchError

PROGRAMS = "/usr/lib/postgresql"  # where Debian puts each version


def find_program(name):
    paths = sorted(pathlib.Path(PROGRAMS).glob(f"*/bin/{name}"))
    return str(paths[-1]) if paths else shutil.which(name) or name


def as_server(name):
    """The command of a program that refuses to run as root."""
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if os.getuid() == 0 else []
    return [*user, find_program(name)]


class Postgres(ChildProcess):
    """Has an empty database `survey` and lets in the user `trapline` without a password."""

    def __init__(self):
        # Not in the folder of the run, which only its owner may enter.
        self.folder = tempfile.mkdtemp(prefix="trapline-bench-postgres-")
        data = f"{self.folder}/data"
        os.mkdir(data, 0o700)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            shutil.chown(data, "postgres")
        capture_output([*as_server("initdb"), "--username=trapline", "--auth=trust", "--encoding=UTF8", "--locale=C",
                        "--no-sync", "-D", data], cwd="/")
        self.port = find_free_port()
        # The data need not outlive the machine.
        names = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                 "fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB"}
        options = [part for name, value in names.items() for part in ("-c", f"{name}={value}")]
        super().__init__([*as_server("postgres"), "-D", data, *options], f"{self.folder}/log", cwd="/")
        self.wait_until_ready(self.is_ready)
        self.run_sql("CREATE DATABASE survey", "postgres")

    def url(self):
        return f"postgres://trapline@127.0.0.1:{self.port}/survey"

    def is_ready(self):
        ready = subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
        return ready.returncode == 0

    def psql(self, database, *arguments):
        return ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "trapline", "-d", database, "-X", "-q", "-A",
                "-t", "-v", "ON_ERROR_STOP=1", *arguments]

    def run_sql(self, statements, database="survey"):
        return capture_output(self.psql(database, "-c", statements))

    def load_table(self, table, path):
        """Copies a CSV file with a header into a table."""
        with open(path, "rb") as file:
            result = subprocess.run(self.psql("survey", "-c", f"COPY {table} FROM STDIN CSV HEADER"), stdin=file,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if result.returncode:
            raise BenchError(f"loading {path} failed: {result.stdout[-2000:].decode(errors='replace')}")

    def stop(self):
        # A fast shutdown; SIGTERM would wait for clients.
        if self.child.poll() is None:
            self.send(signal.SIGINT)
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)
