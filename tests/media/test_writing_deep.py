"""Films of more than 8 bits come out as they went in, in every codec and container that can hold them."""

import logging

import av
import numpy as np
import pytest

from faceswap.core.values import Frame
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding, encoder_for
from faceswap.media.video.hdr import HdrLight
from faceswap.media.writing import VideoWriter
from faceswap.utils.choices import CHROMAS, FILM_CODECS
from faceswap.utils.errors import UserError
from tests.media.deep_films import HLG, PQ, X265_LIGHT, broadest_band, errors, make_deep_film
from tests.media.made_films import Film, make_film

LIGHT = HdrLight((35400, 14600), (8500, 39850), (6550, 2300), (15635, 16450), (10000000, 50), (900, 300))


def through(source, out, coding, change=None):
    """Write a film again; returns what the result holds."""
    info = probe(source)
    writer = VideoWriter(out, info, coding=coding)
    writer.check()
    with writer:
        for frame in read_frames(info, stored_bits=writer.stored_bits):
            writer.write(change(frame) if change else frame)
    return probe(out)


def planes(path, bits=8):
    return [frame.stored for frame in read_frames(path, stored_bits=bits)]


@pytest.mark.parametrize(
    ("codec", "suffix", "pixel_format", "most"),
    [
        ("ffv1", ".mkv", "yuv420p10le", 0),
        ("ffv1", ".mkv", "yuv422p10le", 0),
        ("ffv1", ".mkv", "yuv444p12le", 0),
        ("ffv1", ".mkv", "yuv420p", 0),
        ("ffv1", ".mkv", "gbrp16le", 0),
        ("auto", ".mp4", "yuv420p10le", 1),
        ("hevc", ".mov", "yuv422p10le", 1),
        ("hevc", ".mkv", "yuv444p12le", 1),
        ("h264", ".mp4", "yuv420p10le", 1),
        ("prores_422_hq", ".mov", "yuv422p10le", 1),
        ("prores_422_hq", ".mkv", "yuv420p10le", 1),
        ("prores_4444", ".mov", "yuv444p10le", 1),
    ],
)
def test_what_nobody_touched_stays(tmp_path, codec, suffix, pixel_format, most):
    made = make_deep_film(tmp_path / "in.mkv", pixel_format, tags=PQ)
    coding = Coding(codec, "auto", crf=1)
    result = through(tmp_path / "in.mkv", tmp_path / f"out{suffix}", coding)
    read = planes(tmp_path / f"out{suffix}")
    assert max(errors(made, read)) <= most
    if not pixel_format.startswith("gbr"):
        assert (result.colour.range, result.colour.matrix, result.colour.primaries, result.colour.transfer) == (
            1, 9, 9, 16,
        )  # fmt: skip
    assert result.bits >= min(made[0].bits, 10)


def test_dnxhr_says_its_matrix_and_keeps_the_colours(tmp_path):
    (made, *_) = make_deep_film(tmp_path / "in.mkv", "yuv422p10le", (256, 128), PQ, 2)
    result = through(tmp_path / "in.mkv", tmp_path / "out.mov", Coding("dnxhr", "auto"))
    assert (result.bits, result.colour.matrix, result.colour.transfer) == (10, 1, 16)
    (read, *_) = planes(tmp_path / "out.mov")
    inside = np.logical_and(made.rgb() > 0.05, made.rgb() < 0.95).all(-1)
    assert np.abs(read.rgb() - made.rgb())[inside].mean() * 1023 < 6


def test_hdr_light_goes_into_hevc_and_is_named_lost_elsewhere(tmp_path, caplog):
    make_deep_film(tmp_path / "in.mkv", light=X265_LIGHT)
    assert probe(tmp_path / "in.mkv").light == LIGHT
    for suffix in (".mp4", ".mov", ".mkv"):
        assert through(tmp_path / "in.mkv", tmp_path / f"out{suffix}", Coding("auto", "auto")).light == LIGHT
    assert not caplog.records
    through(tmp_path / "in.mkv", tmp_path / "out.mov", Coding("prores_422_hq", "auto"))
    (record,) = caplog.records
    assert "the HDR data of its mastering screen and its HDR light levels" in record.getMessage()


def test_eight_bits_of_hdr_are_a_warning(tmp_path, caplog):
    make_deep_film(tmp_path / "in.mkv", tags=HLG)
    for number, coding in enumerate((Coding(), Coding("hevc", 8))):
        caplog.clear()
        assert through(tmp_path / "in.mkv", tmp_path / f"{number}.mp4", coding).bits == 8
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert "10 bits a channel (8 instead, still coded as HLG (HDR))" in record.getMessage()


def test_a_gradient_has_no_broader_bands_than_its_source(tmp_path):
    (made, *_) = make_deep_film(tmp_path / "in.mkv", size=(1024, 16), count=1)
    through(tmp_path / "in.mkv", tmp_path / "out.mkv", Coding("ffv1", "auto"))
    (read,) = planes(tmp_path / "out.mkv")
    assert broadest_band(read.planes[0]) <= broadest_band(made.planes[0])
    through(tmp_path / "in.mkv", tmp_path / "eight.mp4", Coding("hevc", 8, crf=4))
    (eight,) = planes(tmp_path / "eight.mp4")
    assert broadest_band(eight.planes[0]) > broadest_band(made.planes[0])


@pytest.mark.parametrize("rotation", [90, 180])
def test_turned_films_keep_their_depth(tmp_path, rotation):
    film = Film(codec="libx264", pixel_format="yuv422p10le", rotation=rotation, sound=(), ticks=(0, 1))
    info = probe(make_film(tmp_path / "in.mp4", film))
    (frame, _) = read_frames(info, stored_bits=10)
    shown = np.clip(frame.stored.rgb() * 255, 0, 255)
    assert frame.stored.shape == frame.image.shape[:2] == (info.height, info.width)
    assert np.abs(shown - frame.image).mean() < 1


@pytest.mark.parametrize("size", [(65, 48), (64, 47), (65, 47)])
@pytest.mark.parametrize("codec", ["ffv1", "prores_422_hq", "hevc"])
def test_odd_sizes(tmp_path, codec, size):
    made = make_deep_film(tmp_path / "in.mkv", size=size)
    suffix = {"ffv1": ".mkv"}.get(codec, ".mov")
    result = through(tmp_path / "in.mkv", tmp_path / f"out{suffix}", Coding(codec, "auto", crf=4))
    assert (result.width, result.height) == size
    assert result.chroma == {"ffv1": "420", "prores_422_hq": "422", "hevc": "422" if size[0] == 64 else "444"}[codec]
    read = planes(tmp_path / f"out{suffix}")
    assert np.abs(read[0].planes[0].astype(int) - made[0].planes[0]).mean() <= 1


def test_eight_bits_become_ten_without_a_shift(tmp_path):
    made = make_deep_film(tmp_path / "in.mkv", "yuv420p", tags=PQ)
    through(tmp_path / "in.mkv", tmp_path / "out.mkv", Coding("ffv1", 10))
    assert np.array_equal(planes(tmp_path / "out.mkv")[0].planes[0], made[0].planes[0].astype(int) * 4)


def without_planes(frame):
    return Frame(frame.image, frame.index, frame.seconds)


def test_frames_without_planes_are_written_too(tmp_path):
    source = make_film(tmp_path / "in.mp4", Film(sound=()))
    through(source, tmp_path / "out.mov", Coding("prores_4444", "auto"), without_planes)
    for before, after in zip(read_frames(source), read_frames(tmp_path / "out.mov"), strict=True):
        assert np.abs(before.image.astype(int) - after.image).mean() < 1


@pytest.mark.parametrize(
    ("coding", "suffix", "said"),
    [
        (("ffv1",), ".mp4", "codec=ffv1 does not go into .mp4; use .mkv"),
        (("prores_4444",), ".mp4", "codec=prores_4444 does not go into .mp4; use .mov or .mkv"),
        (("prores_4444", 8), ".mov", "bits=8: codec=prores_4444 has 10 bits a channel"),
        (("hevc", 16), ".mp4", "bits=16: codec=hevc has 8 or 10 or 12"),
        (("prores_422_hq", "auto", "420"), ".mov", "chroma=420: codec=prores_422_hq has 422 at 10 bits"),
        (("dnxhr",), ".mov", "from 256 x 120 on, not 65 x 48"),
        (("hevc", "auto", "420"), ".mp4", "chroma=420 cannot hold 65 x 48; use chroma=444"),
        (("h264_videotoolbox",), ".mp4", "takes no picture of 65 x 48"),
        (("mpeg2",), ".mp4", "codec=mpeg2 is unknown"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, coding, suffix, said):
    make_deep_film(tmp_path / "in.mkv", size=(65, 48), count=1)
    wanted = Coding(*coding) if len(coding) > 1 else None
    with pytest.raises(UserError, match=said):
        encoder_for(wanted or Coding(*coding, "auto"), probe(tmp_path / "in.mkv"), suffix, (65, 48))


def test_hardware_that_is_not_there_is_one_line(tmp_path):
    make_deep_film(tmp_path / "in.mkv", count=1)
    with pytest.raises(UserError, match="codec=hevc_vaapi: no such encoder works on this machine; use codec=hevc"):
        encoder_for(Coding("hevc_vaapi", "auto"), probe(tmp_path / "in.mkv"), ".mp4", (64, 48))


@pytest.mark.parametrize("codec", FILM_CODECS)
def test_every_codec_that_can_be_named_is_known(codec):
    assert Coding(codec).codec == codec and "auto" in CHROMAS


def test_transparency_is_laid_on_black(tmp_path):
    with av.open(str(tmp_path / "in.mkv"), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "bgra"
        pixels = np.full((16, 16, 4), 200, np.uint8)
        pixels[..., 3] = 128
        output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgra")))
        output.mux(stream.encode(None))
    (frame,) = read_frames(tmp_path / "in.mkv", stored_bits=10)
    assert np.allclose(frame.stored.rgb(), 100 / 255, atol=0.004) and abs(int(frame.image[0, 0, 0]) - 100) <= 1
