"""Load a COCO archive with pycocotools: check_coco.py ARCHIVE.zip [FOLDER]

Every box has to lie on its picture, which has to be as large as the file says. With FOLDER, pictures with
their boxes drawn go there, for somebody to look at. Prints one line of JSON: counts, and every error.
"""
import contextlib, io, json, sys, tempfile, zipfile
from pathlib import Path

from PIL import Image, ImageDraw
from pycocotools.coco import COCO

errors = []
with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    zipfile.ZipFile(sys.argv[1]).extractall(folder)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(folder / "annotations.json")
    for image in coco.dataset["images"]:
        with Image.open(folder / image["file_name"]) as picture:
            if picture.size != (image["width"], image["height"]):
                errors.append(f"{image['file_name']} is {picture.size}, not as the file says")
            drawn = picture.convert("RGB")
        draw = ImageDraw.Draw(drawn)
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
            x, y, width, height = annotation["bbox"]
            if not (0 <= x < x + width <= image["width"] and 0 <= y < y + height <= image["height"]):
                errors.append(f"the box of {annotation['id']} does not lie on its picture")
            [category] = coco.loadCats([annotation["category_id"]])
            draw.rectangle([x, y, x + width, y + height], outline="red", width=4)
            draw.text((x + 6, y + 6), category["name"], fill="red")
        if len(sys.argv) > 2:
            Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
            drawn.save(Path(sys.argv[2]) / Path(image["file_name"]).name)
counts = {name: len(coco.dataset[name]) for name in ("images", "annotations", "categories")}
print(json.dumps({"errors": errors, **counts}))
