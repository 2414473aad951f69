"""Whatever sound a film has, it comes along: every codec, container and layout that can be made here."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import av
import pytest

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter
from tests.media.sound_films import CannotMakeError, heard, make, reorder_channels

# What PyAV can make, each codec in all containers that take it.
CONTAINERS = {
    "mp3": ".mp4 .mov .mkv .avi .ts", "mp2": ".ts .mov .mkv .avi .mp4", "aac": ".mov .ts .mp4 .mkv .avi",
    "ac3": ".mkv .avi .ts .mp4 .mov", "eac3": ".avi .mkv .mp4 .mov .ts", "opus": ".webm .mp4 .mkv .ts",
    "vorbis": ".webm .avi .mp4 .mkv", "flac": ".mkv .mp4", "alac": ".mov .mp4 .mkv", "wavpack": ".mkv",
    "adpcm_ms": ".avi", "pcm_s16le": ".avi .mp4 .mov .mkv", "pcm_s16be": ".mov .mp4 .mkv",
    "pcm_s24le": ".mkv .mp4 .mov .avi", "pcm_s32le": ".mp4 .mov .mkv .avi", "pcm_f32le": ".mkv .mp4 .mov .avi",
    "pcm_u8": ".avi .mov .mkv", "pcm_alaw": ".mov .avi",
}  # fmt: skip
LAYOUTS = ("7.1", "5.1", "stereo", "mono")
RARE_LAYOUTS = ("2.1", "quad", "5.1(side)", "3.0")
SIDES_AS_BACKS = {"SL": "BL", "SR": "BR"}
TARGETS = (".mp4", ".mov", ".mkv")
MPEG_7_1_C = 128 << 16 | 8  # L R C LFE Ls Rs Rls Rrs: sides before backs


def copied(source: Path, suffix: str) -> Path:
    """The film written again with its sound."""
    out = source.with_name(f"{source.stem}{source.suffix}.out{suffix}")
    info = probe(source)
    with VideoWriter(out, info, coding=Coding(preset="ultrafast")) as writer:
        for frame in read_frames(info):
            writer.write(frame)
    return out


def codec_of(path: Path) -> str:
    with av.open(str(path)) as film:
        return film.streams.audio[0].codec_context.codec.canonical_name


def codecs_in_containers():
    """(codec, container, targets): each codec goes from one container to every target, from its others to one."""
    for codec, containers in CONTAINERS.items():
        first, *others = containers.split()
        yield codec, first, TARGETS
        for number, container in enumerate(others, len(codec)):
            yield codec, container, [TARGETS[number % len(TARGETS)]]


def with_most_channels(path: Path, codec: str) -> Path:
    for layout in LAYOUTS:
        with suppress(CannotMakeError):
            return make(path, codec, layout)
    pytest.skip(f"{codec} cannot be made in {path.suffix} here")


@pytest.mark.parametrize(("codec", "container", "targets"), [*codecs_in_containers()])
def test_every_codec_is_heard_from_every_container_and_in_every_other(tmp_path, codec, container, targets, caplog):
    source = with_most_channels(tmp_path / f"in{container}", codec)
    wanted = heard(source)
    for suffix in targets:
        assert heard(copied(source, suffix)) == wanted, suffix
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("layout", RARE_LAYOUTS)
@pytest.mark.parametrize(("codec", "container"), [("pcm_s16le", ".mov"), ("flac", ".mkv"), ("aac", ".mp4")])
def test_rare_layouts_are_kept(tmp_path, codec, container, layout):
    source = make(tmp_path / f"in{container}", codec, layout)
    wanted = heard(source)
    for suffix in TARGETS:
        found = heard(copied(source, suffix))
        # Without others, those at the sides may be called those at the back.
        renamed = {SIDES_AS_BACKS.get(name, name): tone for name, tone in wanted.items()}
        assert found in (wanted, renamed), suffix


@pytest.mark.parametrize("suffix", TARGETS)
def test_channels_in_an_order_of_their_own_keep_their_places(tmp_path, suffix):
    source = reorder_channels(make(tmp_path / "in.mov", "pcm_s16le", "7.1"), MPEG_7_1_C)
    wanted = {"FL": 1, "FR": 2, "FC": 3, "SL": 5, "SR": 6, "BL": 7, "BR": 8}
    for _ in range(3):  # a heap that was damaged does not show at once
        assert heard(copied(source, suffix)) == wanted


@pytest.mark.parametrize(
    ("codec", "suffix"), [("mp3", ".mp4"), ("mp3", ".mov"), ("ac3", ".mp4"), ("pcm_s16le", ".mov")]
)
def test_what_a_container_takes_is_copied(tmp_path, codec, suffix):
    assert codec_of(copied(make(tmp_path / "in.avi", codec, "stereo"), suffix)) == codec


def test_what_has_to_be_mixed_is_told(tmp_path, caplog):
    source = make(tmp_path / "in.mov", "pcm_s16le", "FL+FR+LFE+BC")
    assert set(heard(copied(source, ".mp4"))) == {"FL", "FR"}
    assert [
        r.getMessage()
        for r in caplog.records
        if r.levelno == logging.WARNING and "are mixed to stereo" in r.msg % r.args
    ]


@pytest.mark.parametrize("codec", ["aac", "mp2", "ac3"])
@pytest.mark.parametrize("suffix", TARGETS)
def test_sound_that_begins_late_begins_as_late(tmp_path, codec, suffix):
    source = make(tmp_path / "in.ts", codec, "stereo", first_seconds=8)
    with av.open(str(copied(source, suffix))) as film:
        frames = list(film.decode(audio=0))
    assert float(frames[0].time) == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize(("codec", "container"), [("aac", ".mp4"), ("mp3", ".avi"), ("pcm_s16le", ".mov")])
@pytest.mark.parametrize("suffix", TARGETS)
def test_a_track_without_sound_does_not_end_the_film(tmp_path, codec, container, suffix):
    source = make(tmp_path / f"in{container}", codec, "stereo", silent=True)
    assert len(list(read_frames(copied(source, suffix)))) == 4


def test_a_film_and_its_side_by_side_say_once_what_becomes_of_the_sound(tmp_path, caplog):
    source = make(tmp_path / "in.mkv", "wavpack", "stereo")
    with caplog.at_level(logging.INFO):
        for name in ("a.mp4", "b.mp4"):
            VideoWriter(tmp_path / name, probe(source)).check()
    assert sum("becomes AAC" in record.getMessage() for record in caplog.records) == 1


def test_the_sound_is_settled_by_the_check(tmp_path, monkeypatch):
    info = probe(make(tmp_path / "in.mkv", "wavpack", "stereo"))
    writer = VideoWriter(tmp_path / "out.mp4", info)
    writer.check()
    monkeypatch.setattr("faceswap.media.writing.plan_sound", None)
    with writer:
        for frame in read_frames(info):
            writer.write(frame)
    assert codec_of(tmp_path / "out.mp4") == "aac"


@pytest.mark.parametrize("suffix", TARGETS)
def test_a_track_that_never_begins_is_left_out(tmp_path, suffix, caplog):
    source = make(tmp_path / "in.ts", "aac", "stereo", first_seconds=1)
    data = source.read_bytes()
    packets = [data[place : place + 188] for place in range(0, len(data), 188)]
    sound_id = 0x101
    without = b"".join(p for p in packets if (p[1] & 0x1F) << 8 | p[2] != sound_id)
    source.write_bytes(without)
    assert probe(source).has_audio
    with caplog.at_level(logging.INFO):
        out = copied(source, suffix)
    assert not probe(out).has_audio
    assert "sound track 1 is empty" in caplog.text
