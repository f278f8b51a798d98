"""Archives of crops: two at once against the peer, and one against only decoding its pictures."""

import contextlib
import io
import json
import zipfile

from .datasets import make_pictures, read_ids
from .processes import capture_output, run_measured
from .rounds import Row, alternate, at_least_times
from .servers import Peer, Server, make_store
from .settings import BenchError, report_progress

SETS = {"five": ("5 boxes on each picture of 2048 x 1536", 10), "one": ("1 box on each picture of 4000 x 3000", 8)}


def measure(settings):
    if not settings.peer:
        report_progress("archives: skipped, since the peer's gen.py makes the pictures")
        return []
    rows = []
    for name in SETS:
        rows += measure_servers(settings, name)
    for name in SETS:
        rows += measure_decoding(settings, name)
    return rows


def measure_servers(settings, name):
    words, times = SETS[name]
    pictures = make_pictures(settings, name)
    ids = read_ids(pictures)
    body = json.dumps({"detection_ids": ids, "crop_size": 300})
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(settings, pictures, make_store(settings, stack, "SQLite"), 2))
        clients = {"ours": server.client(), "peer": stack.enter_context(Peer(settings, pictures)).client()}
        for client in clients.values():
            client.run_jobs("zip", json.dumps({"detection_ids": ids[:10], "crop_size": 300}), 2)
        report_progress(f"archives: rounds with {words}")

        def run_archives(client, number):
            return lambda: time_archives(client, body, number, len(ids))

        rows = []
        if name == "five":
            one = alternate(settings.rounds(is_long=True), {side: run_archives(c, 1) for side, c in clients.items()})
            rows.append(Row(f"one archive of {len(ids):,} crops, from POST to completed", one["ours"], "s", one["peer"],
                            "peer", is_time=True))
        two = alternate(settings.rounds(is_long=True), {side: run_archives(c, 2) for side, c in clients.items()})
        rates = {side: [2 * len(ids) / seconds for seconds in results] for side, results in two.items()}
        rows.append(Row(f"archives, 2 at once, {words}", rates["ours"], "/s", rates["peer"], "peer",
                        goal=at_least_times(times)))
        rows.append(Row(f"most memory of the server, {words}", [server.most_memory()], "MiB"))
    return rows


def time_archives(client, body, number, crops):
    """The seconds of so many archives at once, each of which has all crops."""
    statuses, seconds = client.run_jobs("zip", body, number)
    for status in statuses:
        archive = zipfile.ZipFile(io.BytesIO(client.request("GET", status["download_url"])))
        names = [name for name in archive.namelist() if name.startswith("crops/")]
        if archive.testzip() is not None or len(names) != crops:
            raise BenchError(f"an archive has {len(names)} crops in place of {crops}")
    return seconds


def measure_decoding(settings, name):
    """Crops a second of one archive, and of a program that decodes each picture whole and does no more."""
    words, _ = SETS[name]
    pictures = make_pictures(settings, name)
    ids = read_ids(pictures)
    list_of_ids = settings.folder / "ids"
    list_of_ids.write_text("\n".join(ids))
    boxes = len(ids) / len(list((pictures / "media").iterdir()))
    command = [settings.program, "archive", "--data", pictures, "--ids", list_of_ids,
               "-o", settings.folder / "crops.zip"]
    decoder = settings.tool("examples/decode")

    def run_archive():
        return len(ids) / run_measured(command, settings.folder / "log", env=settings.environment())[0]

    results = alternate(settings.rounds(), {
        "decode": lambda: float(capture_output([decoder, pictures / "media"])) * boxes, "ours": run_archive})
    return [Row(f"crops of one archive, {words}", results["ours"], "/s", results["decode"], "decoding alone")]
