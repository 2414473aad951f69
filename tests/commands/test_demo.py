"""make demo, shortened: the shipped clips go through the three commands."""

import av

from tests.commands.conftest import run_process
from tests.provenance.test_notice import said_by


def test_the_demo_swaps_the_shipped_clips(tmp_path):
    ran = run_process("demo", "minutes=0.02", "device=cpu", cwd=tmp_path)
    assert ran.path.name == "vera_test_as_hanna.side_by_side.mp4" and ran.path.is_file()
    film = ran.path.with_name("vera_test_as_hanna.mp4")
    made = [film, ran.path, *ran.path.parents[1].rglob("previews/*.jpg")]
    assert all("made with ai" in said_by(path).lower() for path in made)
    with av.open(str(film)) as container:
        assert "made_with_ai" in container.metadata
        assert sum(1 for _ in container.decode(video=0)) == 200
    assert str(film.name) in ran.stderr
