"""A report on two years of a million detections in PostgreSQL, and on the same survey in files."""

import csv
import hashlib
from datetime import datetime, timedelta

from .datasets import make_survey
from .postgres import Postgres
from .processes import run_measured
from .rounds import Row, alternate, at_most
from .settings import report_progress

MILLION = 1_000_000
QUARTER = timedelta(days=91)
QUARTERS = 8
PERIOD = ["--from", "2023-09-01", "--to", "2025-08-31"]
# The tables of docs/POSTGRESQL.md, from those of the package, which are loaded as they are. Boxes are fractions,
# and the time is that of the camera's clock.
LOAD = """
CREATE TABLE package_deployments (id text, location_id text, location text, latitude float8, longitude float8,
    start text, "end" text);
CREATE TABLE package_media (id text, deployment text, time text, path text, public text, type text);
CREATE TABLE package_observations (id text, deployment text, media text, event text, start text, "end" text,
    level text, type text, class text, count int, x float8, y float8, width float8, height float8, confidence float8);
"""
CONVERT = """
CREATE TABLE locations (id uuid PRIMARY KEY, name text, coordinates json);
CREATE TABLE deer (id uuid PRIMARY KEY, name text, sex text);
CREATE TABLE images (id uuid PRIMARY KEY, filename text, path text, timestamp timestamptz, location_id uuid);
CREATE TABLE detections (id uuid PRIMARY KEY, image_id uuid NOT NULL, deer_id uuid, bbox json,
    confidence double precision, classification text, corrected_classification text, is_duplicate boolean NOT NULL,
    is_valid boolean NOT NULL, burst_group_id uuid, created_at timestamptz);
INSERT INTO locations SELECT DISTINCT ON (location_id) md5(location_id)::uuid, location,
    json_build_object('lat', latitude, 'lon', longitude) FROM package_deployments;
INSERT INTO images SELECT md5(m.id)::uuid, m.id || '.jpg', m.path, m.time::timestamptz, md5(d.location_id)::uuid
    FROM package_media m JOIN package_deployments d ON d.id = m.deployment;
INSERT INTO detections SELECT md5(id)::uuid, md5(media)::uuid, null,
    json_build_object('x', x, 'y', y, 'width', width, 'height', height), confidence, class, null, false, true,
    event::uuid, '2025-09-01Z' FROM package_observations;
DROP TABLE package_deployments, package_media, package_observations;
CREATE INDEX ON images (timestamp);
CREATE INDEX ON images (location_id, timestamp);
CREATE INDEX ON detections (image_id);
CREATE INDEX ON detections (burst_group_id);
"""
MAPPING = """
[detection]
box_unit = "fractions"
"""


def measure(settings):
    number = settings.choose(MILLION, 50_000)
    survey = settings.folder / "two-years"
    report_progress(f"database: a survey of {number:,} observations in two years")
    spread_survey(make_survey(settings, number), survey)
    mapping = settings.folder / "mapping.toml"
    mapping.write_text(MAPPING)
    with Postgres() as server:
        load_survey(server, survey)
        sources = {"database": [server.url(), "--mapping", mapping, "--time-zone", "America/Chicago"],
                   "files": [survey]}

        def run_report(source):
            command = [settings.program, "report", "--data", *sources[source], *PERIOD,
                       "-o", settings.folder / "report.pdf"]
            return lambda: run_measured(command, settings.folder / "log", env=settings.environment())

        report_progress("database: rounds")
        results = alternate(settings.rounds(), {source: run_report(source) for source in sources})
    seconds, memory = ({source: [result[at] for result in results[source]] for source in sources} for at in (0, 1))
    what = f"report.pdf of two years of {number:,} detections in PostgreSQL"
    return [Row(what, seconds["database"], "s", seconds["files"], "files", is_time=True, goal=at_most(2.5, "s")),
            Row(f"{what}, memory", memory["database"], "MiB", memory["files"], "files", is_time=True)]


def load_survey(server, survey):
    server.run_sql(LOAD)
    for name in ("deployments", "media", "observations"):
        server.load_table(f"package_{name}", survey / f"{name}.csv")
    server.run_sql(CONVERT)
    server.run_sql("VACUUM ANALYZE")


def spread_survey(source, target):
    """Moves the deployments of three months that `make-survey` writes, so that each location has two years.

    Records of one species in one hour at one deployment become an event, as bursts are in a database.
    """
    target.mkdir()
    (target / "datapackage.json").write_bytes((source / "datapackage.json").read_bytes())
    shifts = {}
    with CopiedTable(source, target, "deployments.csv") as (rows, writer):
        for number, row in enumerate(rows):
            shifts[row[0]] = shift = number % QUARTERS * QUARTER
            place = number // QUARTERS
            writer.writerow([row[0], f"loc{place}", f"Ridge {place}", *row[3:5], move(row[5], shift),
                             move(row[6], shift)])
    with CopiedTable(source, target, "media.csv") as (rows, writer):
        for row in rows:
            row[2] = move(row[2], shifts[row[1]])
            writer.writerow(row)
    with CopiedTable(source, target, "observations.csv") as (rows, writer):
        for row in rows:
            row[4] = move(row[4], shifts[row[1]])
            row[3] = hashlib.md5(f"{row[1]} {row[4][:13]} {row[8]}".encode()).hexdigest()
            writer.writerow(row)


def move(time, shift):
    return (datetime.fromisoformat(time) + shift).isoformat()


class CopiedTable:
    """A table that is read from one folder and written to another, with the same header."""

    def __init__(self, source, target, name):
        self.files = [open(source / name, newline=""), open(target / name, "w", newline="")]

    def __enter__(self):
        rows, writer = csv.reader(self.files[0]), csv.writer(self.files[1])
        writer.writerow(next(rows))
        return rows, writer

    def __exit__(self, *_):
        for file in self.files:
            file.close()
