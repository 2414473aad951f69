"""A labelled set of flat painted faces, written as `tools.people dataset` writes one."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from faceswap.core.geometry import mean_face_in_crop
from tools.people.labels import Label


def write_set(folder: Path, people: int = 10, moments: int = 4, size_px: int = 96) -> Path:
    """`people` ovals of their own colours with eyes and mouth; the last one in five is for validation."""
    rng = np.random.default_rng(0)
    for name in ("images", "labels", "shards"):
        (folder / name).mkdir(parents=True)
    lines, points = [], []
    for person in range(people):
        colour = rng.uniform(60, 220, 3)
        for moment in range(moments):
            place = (mean_face_in_crop(size_px) * 0.8 + rng.uniform(4, 14, 2)).astype(np.float32)
            image = np.full((size_px, size_px, 3), rng.uniform(0, 255, 3), np.uint8)
            labels = np.zeros((size_px, size_px), np.uint8)
            for canvas, paint in ((image, colour.tolist()), (labels, int(Label.SKIN))):
                cv2.fillConvexPoly(canvas, cv2.convexHull(place).astype(np.int32), paint)
            for part, label, paint in ((slice(36, 42), Label.EYES, 250), (slice(42, 48), Label.EYES, 250),
                                       (slice(48, 60), Label.LIPS, 30)):  # fmt: skip
                for canvas, value in ((image, (paint, 40, 40)), (labels, int(label))):
                    cv2.fillConvexPoly(canvas, cv2.convexHull(place[part]).astype(np.int32), value)
            stem = f"{person:07d}_{moment:07d}"
            cv2.imwrite(str(folder / "images" / f"{stem}.jpg"), image[..., ::-1])
            cv2.imwrite(str(folder / "labels" / f"{stem}.png"), labels)
            split = "validation" if person % 5 == 4 else "training"
            lines.append({"file": f"images/{stem}.jpg", "split": split, "person": person, "moment": moment,
                          "shard": 0, "row": len(lines), "attributes": {}})  # fmt: skip
            points.append(place)
    dense = np.stack([np.vstack([place, place, place]) for place in points])
    np.savez(folder / "shards" / "000000.npz", points=np.stack(points), dense=dense, visible=np.ones((len(points), 68)))
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder
