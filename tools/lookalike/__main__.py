"""Pack a rendered set into the shipped gallery: python -m tools.lookalike DATA.

DATA was made by
`python -m tools.people dataset DATA --people 240 --pictures 1200 --size 256 --seed 918 --yaw 22 --occluded 0`.
The two most frontal pictures of each person go into the gallery; the others tell how likeness is calibrated: fitted
on one half of the people and measured on the other.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.lookalike.calibration import Calibration, calibration_error, fit
from faceswap.lookalike.folders import FaceReader
from faceswap.lookalike.gallery import Gallery, Photo, around
from faceswap.lookalike.search import GallerySearch
from faceswap.lookalike.shipped import NAME, embedder_tag
from faceswap.media.pictures.images import encode_image
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import enter_pretrained, pretrained_folder
from faceswap.utils.progress import Progress
from faceswap.utils.untrusted.reading import read_lines
from tools.command import run
from tools.lookalike.names import invented_names

PICTURE_PX, QUALITY = 160, 86
SHOWN = 2  # pictures of each person in the gallery


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.lookalike", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args(arguments)
    return run(lambda: pack(options.data, pretrained_folder()), "from the start")


def pack(data: Path, folder: Path) -> Path:
    """Write the gallery into the folder of shipped files and enter it into their manifest; return its path."""
    people = _read(data)
    names = invented_names([photos[0][1]["gender"] < 0.5 for photos in people])
    held_out = [[photo.code for photo, _ in photos[SHOWN:]] for photos in people]
    fitted = fit(*_pairs(people[0::2]))
    error = calibration_error(fitted, *_pairs(people[1::2]))
    photos = [(number, photo) for number, own in enumerate(people) for photo, _ in own[:SHOWN]]
    members = tuple(Photo(number, photo.code, photo.box, jpeg=photo.jpeg) for number, photo in photos)
    gallery = Gallery(tuple(names), members, embedder_tag(), fitted, {"people": "rendered; they do not exist"})
    path = gallery.save(folder / f"{NAME}.safetensors")
    scores = {"calibration_error_%": round(error, 2), **_retrieval(gallery, fitted, held_out)}
    recipe = {"command": "python -m tools.lookalike DATA", "data": "rendered people (tools/people)"}
    enter_pretrained(folder, NAME, path.name, licence="Apache-2.0", recipe=recipe, scores=scores)
    print(json.dumps(scores, indent=2), file=sys.stderr)
    return path


def _read(data: Path) -> list[list[tuple[Photo, Mapping[str, Any]]]]:
    """Return each person's photos with what is known of them, the most frontal first; three or more."""
    rows = [json.loads(line) for line, _ in read_lines(data / "manifest.jsonl")]
    reader = FaceReader(BuiltinFinder(recognise=False), FaceEmbedder(), embedder_tag())
    people: dict[int, list[tuple[Photo, Mapping[str, Any]]]] = {}
    with Progress(len(rows), "photos", "photo") as progress:
        for row in rows:
            image, faces = reader.faces(data / row["file"])
            progress.advance()
            if faces:
                face = max(faces, key=lambda one: float((one.box[2:] - one.box[:2]).prod()))
                shown = around(image, face.box)
                side = cv2.resize(shown, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)
                jpeg = encode_image(np.asarray(side, np.uint8), ".jpg", quality=QUALITY)
                photo = Photo(0, reader.code(image, face), face.box, jpeg=jpeg)
                people.setdefault(row["person"], []).append((photo, row["attributes"]))
    complete = [sorted(photos, key=_turned) for photos in people.values() if len(photos) > SHOWN]
    if len(complete) < 2:
        raise UserError(f"{data} has fewer than two people with {SHOWN + 1} pictures each")
    return complete


def _turned(one: tuple[Photo, Mapping[str, Any]]) -> float:
    return abs(one[1]["yaw"]) + abs(one[1]["pitch"]) + abs(one[1]["roll"])


def _pairs(people: Sequence[Sequence[tuple[Photo, Mapping[str, Any]]]]) -> tuple[NDArray, NDArray]:
    """Return cosines of all pairs of one person's photos, and of pairs of two people's."""
    codes = [np.stack([photo.code for photo, _ in photos]) for photos in people]
    same = [float(a @ b) for own in codes for a, b in itertools.combinations(own, 2)]
    different = [float(value) for one, other in itertools.combinations(codes, 2) for value in (one @ other.T).ravel()]
    return np.array(same), np.array(different)


def _retrieval(
    gallery: Gallery, calibration: Calibration, held_out: Sequence[Sequence[NDArray[np.float32]]]
) -> dict[str, float]:
    """Return how often a photo that is not in the gallery finds its own person first, and among the first three."""
    search = GallerySearch(gallery, calibration)
    ranks = []
    for number, codes in enumerate(held_out):
        for code in codes:
            found = [match.name for match in search.match(code, top=3).nearest]
            ranks.append(found.index(gallery.names[number]) if gallery.names[number] in found else 99)
    first, three = (round(100 * float(np.mean([rank < most for rank in ranks])), 2) for most in (1, 3))
    return {"other_photo_first_%": first, "other_photo_among_three_%": three, "other_photos": len(ranks)}


if __name__ == "__main__":
    sys.exit(main())
