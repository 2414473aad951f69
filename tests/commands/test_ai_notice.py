"""What commands make says that it was made with AI: all pictures and films of a run on tiny inputs."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import c2pa
import pytest

from faceswap.config.swapping import VerifyRequest
from faceswap.provenance.signing import MIME_TYPES, sidecar_path
from faceswap.verify import verify
from tests.commands.conftest import Example, run
from tests.provenance.test_notice import said_by
from tests.stylegan.tiny import tiny_files
from tests.swap.exchange.foreign_dfm import write_foreign

AS_IT_WAS = {"portrait.jpg"}  # of the photo
MADE = {".png", ".jpg", ".webp", ".tif", ".exr", ".mp4", ".mkv", ".mov", ".html"}
WEIGHTS = ("generator=g/generator.safetensors", "encoder=g/encoder.safetensors", "device=cpu")
FOUND = ("finder=landmarks", "finder.path=photos.npz", "steps=1")
PLAIN = ("pair=craig_brosnan", "device=cpu", "detail=none")
EDIT = ("smile=+1", "directions=g/directions.safetensors", "mask=hull", *WEIGHTS)

RUNS = {  # a name: the command, its arguments, how many results at least
    "film": ("convert", ("pair=craig_brosnan", "device=cpu", "stop=2", "side_by_side=true"), 2),
    "pictures": ("convert", (*PLAIN, "video=photos", "out=swapped"), 3),
    "sequence": ("convert", (*PLAIN, "stop=2", "out=shot"), 2),
    "exr": ("convert", (*PLAIN, "stop=1", "out=light/x_%04d.exr"), 1),
    "tif": ("convert", (*PLAIN, "stop=1", "bits=16", "out=tiffs/x_%04d.tif"), 1),
    "faces": ("generate", ("seeds=0-1", *WEIGHTS[:1]), 3),
    "jpg": ("generate", ("seeds=0-1", "image_format=jpg", *WEIGHTS[:1]), 3),
    "webp": ("generate", ("seeds=0-1", "image_format=webp", *WEIGHTS[:1]), 3),
    "mixed": ("generate", ("seeds=0-1", "mix=coarse", "styles=2-3", *WEIGHTS[:1]), 1),
    "inverted": ("invert", ("photo=photos/0.png", *WEIGHTS, *FOUND), 1),
    "tradeoff": ("invert", ("photo=photos/0.png", "tradeoff=true", "tuning_steps=1", *WEIGHTS, *FOUND), 1),
    "edited film": ("edit", ("video=craig.mp4", "stop=2", "steps=1", "finder=landmarks", *EDIT), 1),
    "sheet": ("edit", ("photo=photos/0.png", "sheet=true", *EDIT, *FOUND), 1),
    "morph": ("morph", ("a=1", "b=2", "seconds=0.1", "size_px=32", *WEIGHTS), 1),
    "mkv": ("convert", (*PLAIN, "stop=1", "out=swapped.mkv"), 1),
    "mov": ("convert", (*PLAIN, "stop=1", "out=swapped.mov"), 1),
    "edited photo": ("edit", ("photo=photos/0.png", *EDIT, *FOUND), 1),
    "page": ("edit", ("photo=photos/0.png", "page=true", *EDIT, *FOUND), 2),
    "souvenir": ("booth_film", ("photo=photos/0.png", "seconds=0.1", "size_px=32", "smile_steps=2", *FOUND, *WEIGHTS,
                                "directions=g/directions.safetensors", "mask=hull"), 5),
    "grid": ("morph", ("make=grid", "a=0-1", "b=2-3", "size_px=32", *WEIGHTS), 1),
    "composite": ("morph", ("make=composite", "faces=craig", "size_px=32", *WEIGHTS), 1),
    "cartoon": ("morph", ("make=cartoon", "a=1", "cartoon=g/generator.safetensors", "size_px=32", *WEIGHTS), 1),
    "directions": ("directions", ("labels=labels.csv", "samples=0", "probes=8", "corrections=0", *WEIGHTS), 1),
    "previews": ("stylegan.train", ("data=squares", "plan.resolution=32", "plan.channels=[8,8,8,8]", "plan.w_size=16",
                                    "kimg=0.008", "batch_size=4", "monitor.log_kimg=0.004", "device=cpu",
                                    "monitor.preview_kimg=0.004", "monitor.save_kimg=0.008", "monitor.samples=0"), 1),
    "dfm": ("convert", ("dfm=x.dfm", "video=brosnan.mp4", "device=cpu", "stop=1"), 1),
    "child": ("morph", ("make=child", "a=1", "b=2", "size_px=32", *WEIGHTS), 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder with photos and a generator in it."""
    import numpy as np

    from faceswap.media.pictures.images import write_image
    from faceswap.media.reading import read_frames

    folder = tmp_path_factory.mktemp("notice") / "example"
    shutil.copytree(example.folder, folder)
    (folder / "g").mkdir()
    tiny_files(folder / "g")
    if importlib.util.find_spec("onnx"):
        write_foreign(folder / "x.dfm")
    for frame, name in zip(read_frames(example.a.video), ("0.png", "1.jpg", "2.webp"), strict=False):
        write_image(folder / "photos" / name, frame.image)
    for index, noise in enumerate(np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), np.uint8)):
        write_image(folder / "squares" / f"{index}.png", noise)
    (folder / "labels.csv").write_text("seed,smile\n" + "".join(f"{n},{n * 7 % 5}\n" for n in range(120)))
    points = np.load(example.a.landmarks)["points"][:3]
    np.savez(folder / "photos.npz", frame=np.arange(3), points=points)
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_what_a_command_makes_says_what_it_is(made, name):
    command, arguments, count = RUNS[name]
    if name == "dfm":
        pytest.importorskip("onnxruntime", reason="reading needs the extra: pip install -e .[onnx]")
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    run(command, *arguments, cwd=made)
    results = [
        path
        for path in made.rglob("*")
        if path.suffix in MADE and path.name not in AS_IT_WAS and before.get(path) != path.stat().st_mtime_ns
    ]
    assert len(results) >= count
    said = {path: path.read_text() if path.suffix == ".html" else said_by(path) for path in results}
    assert [path for path, text in said.items() if "made with ai" not in text.lower()] == []
    assert [path for path in results if path.suffix != ".html" and not is_signed(path)] == []


def test_previews_of_a_training_are_marked(example):
    previews = list((example.folder / "workspace" / "runs" / "craig_brosnan" / "previews").rglob("*.jpg"))
    assert previews and all("Made with AI" in said_by(path) and is_signed(path) for path in previews)


def is_signed(path: Path) -> bool:
    """Whether C2PA's own reader finds a picture or film valid, and verify knows it for ours."""
    beside = sidecar_path(path).read_bytes() if path.suffix in (".mkv", ".exr") else None
    kind = "application/octet-stream" if beside else MIME_TYPES[path.suffix]
    with path.open("rb") as file, c2pa.Reader(kind, file, manifest_data=beside) as reader:
        is_valid = reader.get_validation_state() == "Valid"
    return is_valid and verify(VerifyRequest(str(path))).startswith(f"{path}: intact, made with AI")
