"""Small files and settings that ask for gigabytes or days are refused in a line, in 4 GB of addresses."""

from __future__ import annotations

import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.clips import make_clip
from tests.commands.conftest import one_line_error, run
from tests.stylegan.tiny import tiny_files
from tests.swap.fakes import make_face_set

MEMORY_BYTES = 4 << 30
WEIGHTS = ("generator=g/generator.safetensors", "encoder=g/encoder.safetensors", "device=cpu")
SEEDS = ("a=1", "b=2", *WEIGHTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator, a film, a face set, and files that are larger than they look."""
    made = tmp_path_factory.mktemp("sizes")
    (made / "g").mkdir()
    tiny_files(made / "g")
    clip = make_clip(made, "film", 2)
    make_face_set(made / "workspace" / "faces" / "anna", 6)
    for name, settings in (
        ("encoder", {"rows": 4096, "w_size": 4096, "resolution": 1024, "widths": [4096] * 9, "z_size": 4096}),
        ("generator", {"resolution": 1024, "channels": [2048] * 9, "w_size": 4096, "z_size": 4096}),
    ):
        header = json.dumps({"__metadata__": {"settings": json.dumps(settings), "about": "{}"}}).encode()
        (made / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    points = np.load(clip.landmarks)["points"]
    np.savez(made / "crowd.npz", frame=np.zeros(3000, int), points=np.repeat(points[:1], 3000, 0))
    header = struct.pack(">4sIIBBBBB", b"IHDR", 20_000, 20_000, 16, 6, 0, 0, 0)
    picture = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (made / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + picture + struct.pack(">I", 0) + b"IDAT\x35\xaf\x06\x1e")
    (made / "lists.json").write_text('{"reject":[' + "[]," * 6_000_000 + "[]]}")
    (made / "rows.csv").write_text("seed,age\n" + "1,1\n" * 1_100_000)
    (made / "lists.pt").write_bytes(b"\x80\x02(" + b"]" * 2_000_000 + b"l.")
    return made


@pytest.mark.parametrize(
    ("command", "arguments", "told"),
    [
        ("invert", ("photo=film.mp4", WEIGHTS[0], "encoder=encoder.safetensors", "finder=landmarks"), "no encoder"),
        ("generate", ("seeds=0", "generator=generator.safetensors"), "no StyleGAN2 generator"),
        ("convert_weights", ("generator=lists.pt", "out=o.safetensors"), "more steps than any honest file"),
        ("extract", ("video=film.mp4", "finder=landmarks", "finder.path=crowd.npz"), "3000 faces in one frame"),
        ("invert", ("photo=huge.png", *WEIGHTS), "more than 150 million pixels"),
        ("curate", ("faces=anna", "people=false", "apply=lists.json"), "millions of lists"),
        ("directions", ("labels=rows.csv", "samples=0", *WEIGHTS), "more than 1,000,000 rows"),
        ("morph", ("seconds=1e300", *SEEDS), "seconds=1e\\+300"),
        ("morph", ("hold_seconds=inf", *SEEDS), "hold_seconds=inf"),
        ("morph", ("make=grid", "a=0-899", "b=0-899", *WEIGHTS), "810,000 faces"),
        ("generate", ("seeds=0-899", "styles=0-899", "mix=coarse", WEIGHTS[0]), "810,000 faces"),
        ("stylegan.metrics", ("pairs=1e12", *WEIGHTS), "pairs=1000000000000"),
        ("directions", ("samples=1e12", *WEIGHTS), "samples=1000000000000"),
    ],
    ids=lambda value: None if isinstance(value, tuple) else value[:16],
)
def test_what_asks_for_gigabytes_or_days_is_one_line(folder, command, arguments, told):
    error = one_line_error(run(command, *arguments, cwd=folder, code=None, memory_bytes=MEMORY_BYTES))
    assert len(error) < 300 and re.search(told, error), error
