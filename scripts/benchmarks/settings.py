"""What a run measures with: programs, temporary folder, number and length of rounds."""

import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALGAR = ROOT / "examples/algar.zip"
PEER_PACKAGES = "fastapi uvicorn celery redis reportlab pillow httpx matplotlib scikit-image numpy pooch".split()


class BenchError(Exception):
    """A measurement that cannot be made; the message says why."""


@dataclass
class Settings:
    program: pathlib.Path
    tools: pathlib.Path
    folder: pathlib.Path
    peer: pathlib.Path | None = None
    quick: bool = False

    def rounds(self, is_long=False):
        """The number of rounds, of which a long one takes many seconds."""
        return 1 if self.quick else 3 if is_long else 5

    def seconds(self):
        """How long one round of polls takes."""
        return 1 if self.quick else 4

    def choose(self, full, quick):
        """A number of jobs, records or rows."""
        return quick if self.quick else full

    def tool(self, name):
        """The path of `make-survey` or of an example such as `examples/decode`."""
        path = self.tools / name
        if not path.exists():
            raise BenchError(f"{path} is missing; --tools says where {name} is")
        return str(path)

    def environment(self):
        """The environment of our programs, without settings of the user."""
        return {name: value for name, value in os.environ.items() if not name.startswith("TRAPLINE_")}

    def peer_environment(self):
        venv = os.environ.get("PEER_VENV") or str(ROOT / "target/peer")
        return {**os.environ, "PEER_VENV": venv, "PYTHONDONTWRITEBYTECODE": "1"}

    def peer_python(self):
        """The Python of the peer, with its libraries; installs them at the first call."""
        venv = pathlib.Path(self.peer_environment()["PEER_VENV"])
        if not (venv / "bin/celery").exists():
            report_progress(f"installing the peer's libraries with pip into {venv}")
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            pip = [str(venv / "bin/pip"), "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*pip, *PEER_PACKAGES], check=True)
        return str(venv / "bin/python")


def report_progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
