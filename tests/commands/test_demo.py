"""make demo, shortened: a second of the shipped clips goes through the three commands."""

from pathlib import Path

import av

from faceswap import demo
from faceswap.cli.runner import run_command
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.clips import write_clip
from tests.provenance.test_notice import said_by

FRAMES = 25


def test_the_demo_swaps_the_shipped_clips(tmp_path, monkeypatch, capfd):
    shipped, films = demo.films_folder(), tmp_path / "films"
    films.mkdir()
    for name in (demo.A, demo.B, demo.FILM):
        frames = read_frames(probe(shipped / f"{name}.mp4"), 0, FRAMES)
        write_clip(films / f"{name}.mp4", [frame.image for frame in frames])
    monkeypatch.setattr(demo, "films_folder", lambda: films)
    arguments = ["minutes=0.02", "batch_size=2", "device=cpu", f"workspace={tmp_path / 'workspace'}"]
    assert run_command("demo", demo.demo, arguments) == 0
    out, told = capfd.readouterr()
    beside = Path(out.splitlines()[-1])
    assert beside.name == "vera_test_as_hanna.side_by_side.mp4" and beside.is_file()
    film = beside.with_name("vera_test_as_hanna.mp4")
    made = [film, beside, *beside.parents[1].rglob("previews/*.jpg")]
    assert all("made with ai" in said_by(path).lower() for path in made)
    with av.open(str(film)) as container:
        assert "made_with_ai" in container.metadata
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
    assert str(film.name) in told
