"""python -m faceswap.convert of several films: what is done is skipped, a broken one does not stop the others."""

import json
import shutil

from faceswap.commands.converting.several import REPORT
from tests.commands.conftest import run


def test_several_films_are_one_order(example, tmp_path):
    shots = tmp_path / "shots"
    shots.mkdir()
    for name in ("one.mp4", "two.mp4"):
        shutil.copy(example.b.video, shots / name)
    (shots / "broken.mp4").write_bytes(b"no film")
    arguments = ("pair=craig_brosnan", "device=cpu", "stop=2", f"out={tmp_path / 'swapped'}", f"video={shots}/*.mp4")
    ran = run("convert", *arguments, cwd=example.folder, code=2)
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("error: 1 of 3 films failed: ") and "broken.mp4 (cannot read" in last and REPORT in last
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "swapped").glob("*.mp4")}
    assert sorted(path.name for path in made) == ["one_as_craig_0-2.mp4", "two_as_craig_0-2.mp4"]
    (shots / "broken.mp4").unlink()
    ran = run("convert", *arguments, cwd=example.folder)
    report = json.loads(ran.path.read_text())
    assert ran.path.name == REPORT and (report["made"], report["done before"], report["failed"]) == (0, 2, 0)
    assert {path: path.stat().st_mtime_ns for path in made} == made
