"""Signing of finished files: what the record says, where it lies, what breaks it."""

import io
import logging
import zlib

import numpy as np
import pytest

from faceswap.media.pictures.images import encode_made, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import writer_for
from faceswap.provenance import signing
from faceswap.provenance.notice import GENERATED, made_with_ai
from faceswap.provenance.reading import read_record
from faceswap.provenance.signing import sidecar_path
from tests.media.made_films import Film, make_film, picture

ABOUT = made_with_ai("the faces in this work were swapped", "model x", model_sha256="ab" * 32) | {"consent": "both"}


def film(folder, suffix=".mp4", about=ABOUT, source=None):
    """A signed film made from another one."""
    info = probe(source or make_film(folder / "in.mp4", Film(sound=())))
    with writer_for(info, folder / f"out{suffix}", metadata=about) as writer:
        for frame in read_frames(info):
            writer.write(frame)
    return folder / f"out{suffix}"


def test_a_picture_that_is_shown_is_signed_as_one_that_is_stored(tmp_path):
    shown = tmp_path / "frame.jpg"
    shown.write_bytes(encode_made(picture(64, 48), "frame.jpg", quality=90, metadata=ABOUT))
    record = read_record(shown)
    assert record.is_intact and record.is_ours and record.making["consent"] == "both"
    shown.write_bytes(encode_made(picture(64, 48), "frame.jpg", quality=90, metadata={"comment": "as filmed"}))
    assert b"c2pa" not in shown.read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv"])
def test_a_film_says_what_it_is_and_what_it_was_made_from(tmp_path, suffix):
    record = read_record(film(tmp_path, suffix))
    assert record.is_intact and record.is_ours and record.by_own_certificate
    assert record.action["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert (
        record.action["description"]
        == "Made with AI: the faces in this work were swapped by " + ABOUT["made_with_ai"] + "."
    )
    assert record.making["consent"] == "both" and record.making["model_sha256"] == "ab" * 32
    assert record.source == {"title": "in.mp4", "is_signed": False, "is_intact": False}
    assert record.making["sources"][0]["name"] == "in.mp4"
    assert sidecar_path(tmp_path / "out.mkv").exists() == (suffix == ".mkv")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_picture_that_was_drawn_says_so(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_image(path, picture(40, 32), metadata=made_with_ai("a face was drawn", source_type=GENERATED))
    record = read_record(path)
    assert record.is_intact and record.source == {}
    assert record.action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_pictures_of_others_are_not_signed(tmp_path):
    write_image(tmp_path / "a.png", picture(40, 32))
    assert read_record(tmp_path / "a.png") is None


def test_a_signed_source_brings_its_own_record_along(tmp_path):
    (tmp_path / "second").mkdir()
    again = film(tmp_path / "second", source=film(tmp_path))
    record = read_record(again)
    assert record.is_intact and record.source == {"title": "out.mp4", "is_signed": True, "is_intact": True}


def test_a_source_that_was_changed_after_it_was_signed_is_told_as_such(tmp_path):
    first = film(tmp_path)
    change(first)
    (tmp_path / "second").mkdir()
    record = read_record(film(tmp_path / "second", source=first))
    assert record.is_intact and record.source["is_signed"] and not record.source["is_intact"]


@pytest.mark.parametrize("record", [b"\xff" * 500, b"<html>", bytes(500), bytes(3) + b"\x08jumb" * 90])
def test_a_broken_record_of_a_source_does_not_leave_the_result_unsigned(tmp_path, caplog, record):
    chunk = len(record).to_bytes(4, "big") + b"caBX" + record
    write_image(tmp_path / "in.png", picture(40, 32))
    whole = (tmp_path / "in.png").read_bytes()
    chunk += zlib.crc32(chunk[4:]).to_bytes(4, "big")
    (tmp_path / "in.png").write_bytes(whole[:33] + chunk + whole[33:])  # behind the header
    write_image(tmp_path / "out.png", picture(40, 32), metadata=ABOUT, sources=[tmp_path / "in.png"])
    made = read_record(tmp_path / "out.png")
    assert made.is_intact and made.is_ours and made.source["title"] == "in.png" and not made.source["is_signed"]
    (line,) = [entry.getMessage() for entry in caplog.records if "in.png cannot be read" in entry.getMessage()]
    assert "\n" not in line


def change(path):
    """Turn one bit of a film's pictures."""
    content = bytearray(path.read_bytes())
    content[content.rindex(b"mdat") + 900 if b"mdat" in content else len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_changed_byte_breaks_it(tmp_path, suffix):
    path = film(tmp_path, suffix)
    change(path)
    record = read_record(path)
    assert not record.is_intact and "mismatch" in record.problem


def test_the_record_of_another_film_does_not_fit(tmp_path):
    path = film(tmp_path, ".mkv")
    (tmp_path / "other").mkdir()
    other = film(tmp_path / "other", ".mkv", source=make_film(tmp_path / "b.mp4", Film(sound=(), ticks=(0, 1, 2))))
    sidecar_path(path).write_bytes(sidecar_path(other).read_bytes())
    assert not read_record(path).is_intact
    sidecar_path(path).write_bytes(b"rubbish")
    assert not read_record(path).is_intact


def test_the_record_of_one_film_is_not_taken_for_that_of_another_of_its_name(tmp_path):
    signed = film(tmp_path, ".mkv")
    (tmp_path / "out.avi").write_bytes(b"RIFF" + bytes(60))
    assert read_record(signed).is_intact and read_record(tmp_path / "out.avi") is None


def test_what_cannot_be_signed_is_kept_with_a_warning_and_without_an_old_record(tmp_path, monkeypatch, caplog):
    path = film(tmp_path, ".mkv")
    monkeypatch.setattr(signing, "SIDECAR_FILM_BYTES", 10)
    film(tmp_path, ".mkv", source=tmp_path / "in.mp4")
    assert "too large to be signed" in caplog.text
    assert path.exists() and not sidecar_path(path).exists()
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        senseless = {"assertions": [{"label": "c2pa.actions.v2", "data": 7}]}
        monkeypatch.setattr(signing, "manifest_of", lambda *_: senseless)
        write_image(tmp_path / "a.png", picture(40, 32), metadata=ABOUT)
    assert "could not be signed" in caplog.text and (tmp_path / "a.png").exists()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.png", "in.mp4", "out.mkv"]


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    import c2pa

    def full(*_):
        raise c2pa.C2paError("Io: No space left on device (os error 28)")

    monkeypatch.setattr(signing, "_sign_within", full)
    with pytest.raises(Exception, match="free some space"):
        write_image(tmp_path / "a.png", picture(40, 32), metadata=ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_the_package_itself_finds_a_result_valid(tmp_path):
    import c2pa

    path = tmp_path / "a.jpg"
    write_image(path, np.zeros((16, 16, 3), np.uint8), metadata=ABOUT)
    assert c2pa.Reader("image/jpeg", io.BytesIO(path.read_bytes())).get_validation_state() == "Valid"
