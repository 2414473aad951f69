"""Every real, broken and odd file: read right, or refused in one line; and nothing lost on a round trip."""

import json
import logging

import numpy as np
import pytest

from faceswap.media.pictures.images import read_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter
from faceswap.utils.errors import UserError
from tests.media.made_films import sound_packets

REFUSED = {"audio_only.mp4", "text_renamed.mp4", "truncated_moov_lost.mp4", "zero_bytes.mp4"}
REFUSED_PICTURES = {
    "directory_named.jpg", "text_renamed.png", "truncated.jpg", "truncated_baseline.jpg", "zero_bytes.jpg",
}  # fmt: skip
# The reference counts pixels as stored; these are shown wider or higher.
ANAMORPHIC = {"anamorphic_sar64x45.mp4": (512, 448), "tiny_64x64.mp4": (74, 64), "resolution_change.h264": (586, 512)}
ROUND_TRIPS = [
    "alpha_vp9.webm", "anamorphic_sar64x45.mp4", "audio_longer_than_video.mp4", "cover_art_attached_pic.mp4",
    "fps_23.976.mp4", "fragmented.mp4", "full_range_yuvj420p.mp4", "grayscale_h264.mp4", "hevc_10bit_hlg_bt2020.mp4",
    "interlaced_mpeg2.mpg", "no_face.mp4", "odd_641x363_h264_yuv444.mp4", "rotated_metadata_270.mov",
    "starts_at_1.5s.mp4", "two_audio_tracks.mkv", "variable_frame_rate.mkv", "variable_frame_rate.mp4",
]  # fmt: skip


def reference(path):
    """The reference's meta and presentation times."""
    found = path.parent / "ref" / f"{path.name}.ref.npz"
    with np.load(found) as arrays:
        return json.loads(str(arrays["meta"])), arrays["pts"]


def bad_films(folder):
    return sorted(path for path in folder.iterdir() if path.is_file())


def test_every_bad_film_is_read_right_or_refused(shared_real):
    for path in bad_films(shared_real / "bad"):
        if path.name in REFUSED:
            with pytest.raises(UserError) as caught:
                list(read_frames(path))
            assert path.name in str(caught.value) and "\n" not in str(caught.value)
            continue
        info = probe(path)
        seconds = []
        for frame in read_frames(info):
            assert (frame.width, frame.height) == (info.width, info.height), path.name
            assert frame.index == len(seconds)
            seconds.append(frame.seconds)
        if path.name == "animated.webp":  # the reference's tool could not read it
            assert len(seconds) == 20
            continue
        meta, times = reference(path)
        assert len(seconds) == meta["frames"], path.name
        assert (info.width, info.height) == ANAMORPHIC.get(path.name, (meta["width"], meta["height"])), path.name
        if np.isfinite(times).all() and path.name != "corrupt_middle.mp4":  # where decoders differ
            assert np.allclose(seconds, times - info.start_seconds, atol=1e-5), path.name


def test_damage_is_warned_of_once(shared_real, caplog):
    with caplog.at_level(logging.WARNING):
        frames = list(read_frames(shared_real / "bad" / "corrupt_middle.mp4"))
    assert 50 < len(frames) < 90
    assert len(caplog.records) == 1 and "damaged packets left out" in caplog.text


def test_every_odd_name_works(shared_real):
    names = [path for path in (shared_real / "bad" / "names").rglob("*") if path.is_file()]
    assert len(names) >= 14
    for path in names:
        assert len(list(read_frames(path))) == 30, path.name


def test_every_odd_picture_is_read_or_refused(shared_real):
    for path in (shared_real / "bad" / "images").iterdir():
        if path.name == "ref":
            continue
        if path.name in REFUSED_PICTURES:
            with pytest.raises(UserError, match="cannot read the picture") as caught:
                read_image(path)
            assert path.name in str(caught.value)
        else:
            with np.load(path.parent / "ref" / f"{path.name}.ref.npz") as arrays:
                meta = json.loads(str(arrays["meta"]))
            assert read_image(path).shape == (meta["height"], meta["width"], 3), path.name


@pytest.mark.parametrize("name", ["rotated_metadata_90.mp4", "rotated_metadata_270.mov", "anamorphic_sar64x45.mp4"])
def test_turned_and_squeezed_films_show_the_same_picture(shared_real, name):
    plain = next(read_frames(shared_real / "bad" / "no_audio.mp4")).image.astype(int)
    other = next(read_frames(shared_real / "bad" / name)).image.astype(int)
    assert np.abs(plain - other).mean() < 3


@pytest.mark.parametrize("name", ROUND_TRIPS)
@pytest.mark.parametrize(("start", "stop"), [(0, None), (12, 30)])
def test_round_trip(shared_real, tmp_path, name, start, stop):
    source = shared_real / "bad" / name
    info = probe(source)
    frames = list(read_frames(info, start, stop))
    out = tmp_path / f"out{'.mkv' if source.suffix == '.mkv' else '.mp4'}"
    with VideoWriter(out, info, start=start, stop=stop, coding=Coding(crf=8)) as writer:
        for frame in frames:
            writer.write(frame)
    result = probe(out)
    assert (result.width, result.height, result.rotation_degrees) == (info.width, info.height, 0)
    assert result.colour == info.colour
    shift = frames[0].seconds if start else 0.0
    written = list(read_frames(result))
    tolerance = float(max(info.time_base, result.time_base)) / 2 + 1e-6
    assert np.allclose([f.seconds for f in written], [f.seconds - shift for f in frames], atol=tolerance)
    difference = written[5].image.astype(int) - frames[5].image
    assert np.abs(difference).mean() < 2 and np.abs(difference.mean((0, 1))).max() < 0.5
    last = frames[-1].seconds + (frames[-1].seconds - frames[-2].seconds)
    begin, end = (frames[0].seconds, last - 1e-9) if start else (-9, 1e9)
    tracks = sound_packets(source) if info.has_audio else []
    told = [[(seconds - info.start_seconds, data) for seconds, data in track] for track in tracks]
    before = [[p for p in track if begin <= p[0] < end] for track in told]
    after = sound_packets(out) if info.has_audio else []
    assert len(before) == len(after)
    for track_before, track_after in zip(before, after, strict=True):
        assert [data for _, data in track_before] == [data for _, data in track_after]
        assert np.allclose([s for s, _ in track_after], [s - shift for s, _ in track_before], atol=0.001)
