"""Read a Camtrap DP archive with frictionless: check_package.py ARCHIVE.zip

The schemas of the standard are on the web, where tests do not go; here is what they say of the tables'
types, keys and required columns. Prints one line of JSON: the rows of each table, and every error.
"""
import json, sys, tempfile, zipfile
from pathlib import Path

from frictionless import Package, Resource, Schema, system

TIME = "%Y-%m-%dT%H:%M:%S%z"


def number(name, least=None, most=None, kind="number"):
    limits = {key: value for key, value in (("minimum", least), ("maximum", most)) if value is not None}
    return {"name": name, "type": kind, "constraints": limits}


def text(name, *, required=False, unique=False, enum=None, pattern=None):
    constraints = {"required": required, "unique": unique, "enum": enum, "pattern": pattern}
    return {"name": name, "type": "string", "constraints": {k: v for k, v in constraints.items() if v}}


def time(name, required=True):
    return {"name": name, "type": "datetime", "format": TIME, "constraints": {"required": required}}


def flag(name, required=False):
    return {"name": name, "type": "boolean", "constraints": {"required": required}}


def key(fields, resource):
    return {"fields": fields, "reference": {"resource": resource, "fields": fields}}


def required(field):
    field["constraints"]["required"] = True
    return field


SCHEMAS = {
    "deployments": {
        "fields": [
            text("deploymentID", required=True, unique=True), text("locationID"), text("locationName"),
            required(number("latitude", -90, 90)), required(number("longitude", -180, 180)),
            number("coordinateUncertainty", 1, kind="integer"), time("deploymentStart"), time("deploymentEnd"),
            text("setupBy"), text("cameraID"), text("cameraModel"), number("cameraDelay", 0, kind="integer"),
            number("cameraHeight", 0), number("cameraDepth", 0), number("cameraTilt", -90, 90, kind="integer"),
            number("cameraHeading", 0, 360, kind="integer"), number("detectionDistance", 0), flag("timestampIssues"),
            flag("baitUse"), text("featureType"), text("habitat"), text("deploymentGroups"), text("deploymentTags"),
            text("deploymentComments"),
        ],
        "primaryKey": "deploymentID",
    },
    "media": {
        "fields": [
            text("mediaID", required=True, unique=True), text("deploymentID", required=True),
            text("captureMethod", enum=["activityDetection", "timeLapse"]), time("timestamp"),
            text("filePath", required=True, pattern=r"^(?=^[^./~])(^((?!\.{2}).)*$).*$"), flag("filePublic", True),
            text("fileName"), text("fileMediatype", required=True, pattern="^(image|video|audio)/.*$"),
            {"name": "exifData", "type": "object"}, flag("favorite"), text("mediaComments"),
        ],
        "primaryKey": "mediaID",
        "foreignKeys": [key("deploymentID", "deployments")],
    },
    "observations": {
        "fields": [
            text("observationID", required=True, unique=True), text("deploymentID", required=True), text("mediaID"),
            text("eventID"), time("eventStart"), time("eventEnd"),
            text("observationLevel", required=True, enum=["media", "event"]),
            text("observationType", required=True,
                 enum=["animal", "human", "vehicle", "blank", "unknown", "unclassified"]),
            text("cameraSetupType", enum=["setup", "calibration"]), text("scientificName"),
            number("count", 1, kind="integer"), text("lifeStage", enum=["adult", "subadult", "juvenile"]),
            text("sex", enum=["female", "male"]), text("behavior"), text("individualID"),
            number("individualPositionRadius", 0), number("individualPositionAngle", -90, 90),
            number("individualSpeed", 0), number("bboxX", 0, 1), number("bboxY", 0, 1),
            number("bboxWidth", 1e-15, 1), number("bboxHeight", 1e-15, 1),
            text("classificationMethod", enum=["human", "machine"]), text("classifiedBy"),
            time("classificationTimestamp", False), number("classificationProbability", 0, 1),
            text("observationTags"), text("observationComments"),
        ],
        "primaryKey": "observationID",
        "foreignKeys": [key("deploymentID", "deployments"), key("mediaID", "media")],
    },
}

with tempfile.TemporaryDirectory() as folder:
    zipfile.ZipFile(sys.argv[1]).extractall(folder)
    descriptor = json.loads((Path(folder) / "datapackage.json").read_text())
    errors = [f"datapackage.json has no {name}" for name in
              ("profile", "created", "contributors", "project", "spatial", "temporal", "taxonomic", "licenses")
              if name not in descriptor]
    package = Package(basepath=folder)
    for resource in descriptor["resources"]:
        name = resource["name"]
        if not resource["schema"].endswith(f"/1.0.2/{name}-table-schema.json"):
            errors.append(f"the schema of {name} is {resource['schema']}")
        schema = Schema.from_descriptor(SCHEMAS[name] | {"missingValues": [""]})
        package.add_resource(Resource(name=name, path=resource["path"], schema=schema))
    report = package.validate()
    errors += [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors]
    errors += [error.message for error in report.errors]
    rows = {resource.name: resource.read_rows() for resource in package.resources}
    # Every file that a row names is there, and is a picture; those on the web are as many as the manifest says.
    counts = json.loads((Path(folder) / "manifest.json").read_text())["counts"]
    remote = sum("://" in row["filePath"] for row in rows["media"])
    if remote != counts["remote_pictures"]:
        errors.append(f"{remote} rows have addresses, not {counts['remote_pictures']}")
    for row in rows["media"]:
        # Without any picture a package has the names of the source, whose files are elsewhere.
        if "://" in row["filePath"] or counts["pictures"] + counts["crops"] == 0:
            continue
        head = (Path(folder) / row["filePath"]).read_bytes()[:4]
        if not (head.startswith(b"\xff\xd8") or head == b"\x89PNG"):
            errors.append(f"{row['filePath']} is no picture")
print(json.dumps({"errors": errors, "remote": remote, "rows": {name: len(table) for name, table in rows.items()}}))
