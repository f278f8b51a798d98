"""wrk, which sends prepared requests one after the other over many connections."""

import json
import pathlib
import tempfile
from dataclasses import dataclass

from .processes import capture_output
from .settings import BenchError

SCRIPT = """
local requests, at = {}, 0
function init()
  for path in io.lines("%s") do requests[#requests + 1] = wrk.format("GET", path) end
end
function request()
  at = at %% #requests + 1
  return requests[at]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\n{"rate": %%f, "p99_ms": %%f, "requests": %%d, "errors": %%d}\\n',
    summary.requests * 1e6 / summary.duration, latency:percentile(99) / 1000, summary.requests,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
"""


@dataclass(frozen=True)
class Load:
    rate: float  # responses a second
    p99_ms: float


def run_wrk(settings, port, paths, connections=64, failures=0.0):
    """Requests `paths` in order for one round. One thread: the machine's other cores are for the servers.

    `failures` is the share of requests that may fail.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wrk-", dir=settings.folder))
    (folder / "paths").write_text("".join(f"{path}\n" for path in paths))
    (folder / "requests.lua").write_text(SCRIPT % (folder / "paths"))
    output = capture_output(["wrk", "-t1", f"-c{connections}", f"-d{settings.seconds()}s", "--timeout", "10s",
                             "-s", folder / "requests.lua", f"http://127.0.0.1:{port}"])
    line = next((line for line in output.splitlines() if line.startswith("{")), None)
    if line is None:
        raise BenchError(f"wrk printed no result: {output}")
    result = json.loads(line)
    if result["errors"] > failures * result["requests"]:
        raise BenchError(f"{result['errors']} requests of wrk failed: {output}")
    return Load(result["rate"], result["p99_ms"])
