"""A data set whose archives take some time: the pictures of the example, with many detections."""

import csv
import json
import shutil

from benchmarks.settings import ROOT

EXAMPLE = ROOT / "examples/camtrap-dp"


def write_package(folder, address=None, detections=60):
    """Writes the nine pictures of the example as a package. Returns the ids of the detections, picture by picture.

    With an `address` the package has no pictures, and each is at that address.
    """
    folder.mkdir()
    for name in ("datapackage.json", "deployments.csv"):
        shutil.copy(EXAMPLE / name, folder)
    media = [row for row in read_rows("media.csv") if row["filePath"].startswith("media/")]
    by_picture = {row["mediaID"]: row for row in read_rows("observations.csv") if row["bboxX"]}
    media = [row for row in media if row["mediaID"] in by_picture]
    if not address:
        shutil.copytree(EXAMPLE / "media", folder / "media")
    observations, ids = [], []
    for picture in media:
        example = by_picture[picture["mediaID"]]
        ids.append([f"{picture['mediaID']}-{number}" for number in range(detections)])
        observations += [{**example, "observationID": name} for name in ids[-1]]
        if address:
            picture["filePath"] = f"{address}/{picture['fileName']}"
    write_rows(folder / "media.csv", media)
    write_rows(folder / "observations.csv", observations)
    return ids


def read_rows(name):
    with open(EXAMPLE / name, newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def choose_report(rng, is_small=False):
    """The request for a report on a month or half a year of the Algar example."""
    year, month = rng.choice([2016, 2017, 2018]), rng.randint(1, 6)
    body = {"dataset": "algar", "report_type": "seasonal_activity", "start_date": f"{year}-{month:02}-01"}
    if is_small:
        return {**body, "end_date": f"{year}-{month:02}-28", "include_charts": False}
    return {**body, "end_date": f"{year}-{month + 6:02}-28", "group_by": rng.choice(["week", "month"])}


def choose_archive(ids, pictures, rng):
    """The request for an archive of so many pictures, with all detections on them."""
    chosen = rng.sample(ids, pictures)
    return {"dataset": "pictures", "detection_ids": [name for names in chosen for name in names]}


def to_json(body):
    return json.dumps(body, separators=(",", ":"))
