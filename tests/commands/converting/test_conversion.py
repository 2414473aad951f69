"""What convert makes of its settings, before any model is loaded."""

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.commands.converting.conversion import default_name
from faceswap.commands.converting.swappers import variant_of
from faceswap.compositing.config import ConversionConfig
from faceswap.media.sources import probe
from faceswap.media.targets import suffix_of
from faceswap.swap.runs.run_record import checkpoint_folder
from faceswap.utils.errors import UserError
from tests.compositing.clips import write_film


@pytest.mark.parametrize(
    ("argument", "tracks"),
    [("tracks=1", [1]), ("tracks=[0,2]", [0, 2]), ("tracks=0,2", [0, 2]), ("tracks=null", None), ("crf=20", None)],
)
def test_tracks_as_they_are_written(argument, tracks):
    assert compose_config("convert", [argument]).tracks == tracks


@pytest.mark.parametrize("argument", ["tracks=[]", "tracks=all", "tracks=true", "tracks=[a]", "tracks=1.5"])
def test_tracks_that_are_none(argument):
    with pytest.raises(UserError, match=r"^tracks=.*several as tracks=1,3"):
        compose_config("convert", [argument])


def test_a_checkpoint_is_one_of_the_run(tmp_path, monkeypatch):
    for name in ("00000500", "00001000", ".00001500.77.part"):
        (tmp_path / "run" / "checkpoints" / name).mkdir(parents=True)
    assert checkpoint_folder(tmp_path / "run", 500).name == "00000500"
    (tmp_path / "00000077").mkdir()
    monkeypatch.chdir(tmp_path)  # what lies here by chance is no checkpoint of the run
    with pytest.raises(UserError, match="there are: 500, 1000"):
        checkpoint_folder(tmp_path / "run", 77)


def test_a_part_of_a_film_does_not_take_the_name_of_the_whole(tmp_path):
    info = probe(write_film(tmp_path / "b.mov", 2, sound=False))
    assert default_name(info, "a", ConversionConfig()) == "b_as_a" and suffix_of(info) == ".mov"
    assert default_name(info, "a", ConversionConfig(stop=5)) == "b_as_a_0-5"
    assert default_name(info, "a", ConversionConfig(start=3, tracks=[0, 2])) == "b_as_a_3-end_tracks_0_2"


def test_a_run_beside_the_pairs_usual_one_is_told_in_the_name(tmp_path):
    info = probe(write_film(tmp_path / "b.mp4", 2, sound=False))
    for run, told in (("a_b", ""), ("a_b,model=df", "_model=df"), ("exp1", "_exp1"), ("a_b_2", "_2")):
        assert default_name(info, "a", ConversionConfig(), variant_of(run, "a", "b")) == f"b_as_a{told}"


def test_the_source_decides_about_steadying_unless_told():
    config = compose_config("convert", [])
    assert (config.smooth_frames, config.smooth_colour, config.fill_frames) == (None, None, None)
    assert compose_config("convert", ["smooth_frames=3"]).smooth_frames == 3
