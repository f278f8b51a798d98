"""Data sets, which are made once a run."""

import csv
import itertools
import json
import shutil

from .processes import capture_output
from .settings import report_progress

REPORT = json.dumps({"report_type": "seasonal_activity", "start_date": "2023-09-01", "end_date": "2024-01-31"})
# As little as a report can be, for what is measured beside its making.
SMALL_REPORT = json.dumps({"report_type": "seasonal_activity", "start_date": "2023-09-01", "end_date": "2023-09-07",
                           "include_charts": False, "include_tables": False, "include_insights": False})


def make_pictures(settings, name):
    """The peer's data: `five` boxes on pictures of 2048 x 1536 or `one` on pictures of 4000 x 3000."""
    pictures, boxes, width = {"five": (200, 5, 2048), "one": (100, 1, 4000)}[name]
    folder = settings.folder / f"pictures-{name}"
    if not folder.exists():
        pictures = settings.choose(pictures, pictures // 10)
        report_progress(f"making {pictures} pictures with {boxes} boxes each")
        generator = settings.peer / "gen.py"
        capture_output([settings.peer_python(), generator, folder, pictures, boxes, width],
                       env=settings.peer_environment())
    return folder


def read_ids(pictures):
    """The ids of the detections of the peer's data."""
    return list(json.loads((pictures / "dets.json").read_text()))


def read_first_id(package):
    """The id of the first observation of a package."""
    with open(package / "observations.csv", newline="") as file:
        return list(itertools.islice(csv.reader(file), 2))[1][0]


def make_survey(settings, observations):
    folder = settings.folder / f"survey-{observations}"
    if not folder.exists():
        capture_output([settings.tool("make-survey"), folder, observations])
    return folder


def make_small_data(settings):
    """A thousand observations: the peer's data if there is a peer."""
    return make_pictures(settings, "five") if settings.peer else make_survey(settings, 1000)


def repeat_pictures(settings, pictures, times):
    """A data set with the same pictures several times, each time under other ids."""
    folder = settings.folder / "repeated"
    folder.mkdir()
    for name in ("datapackage.json", "deployments.csv"):
        shutil.copy(pictures / name, folder)
    for name, columns in (("media.csv", (0,)), ("observations.csv", (0, 2))):
        with open(pictures / name, newline="") as source, open(folder / name, "w", newline="") as target:
            rows, writer = csv.reader(source), csv.writer(target)
            writer.writerow(next(rows))
            for row in rows:
                for number in range(times):
                    writer.writerow([f"{cell}-{number}" if at in columns else cell for at, cell in enumerate(row)])
    return folder
