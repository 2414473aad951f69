"""Pictures of all kinds come in as RGB; what cannot be read says why; nothing half-written appears."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from faceswap.media.deep_pictures import read_stored
from faceswap.media.pictures import images
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.media.made_films import picture

COLOURS = picture(40, 30)


@pytest.mark.parametrize("name", ["a.png", "mit ümläut = [x].jpg", "日本.webp", "-dash.jpeg"])
def test_written_and_read_again(tmp_path, name):
    write_image(tmp_path / name, COLOURS)
    difference = read_image(tmp_path / name).astype(int) - COLOURS
    assert np.abs(difference).mean() < (0.001 if name.endswith("png") else 3)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_content_counts_not_the_suffix(tmp_path):
    (tmp_path / "a.png").write_bytes(images.encode_image(COLOURS, ".png"))
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert np.array_equal(read_image(tmp_path / "a.jpg"), COLOURS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    stored = {
        1: COLOURS, 2: COLOURS[:, ::-1], 3: COLOURS[::-1, ::-1], 4: COLOURS[::-1], 5: COLOURS.transpose(1, 0, 2),
        6: np.rot90(COLOURS), 7: np.rot90(COLOURS.transpose(1, 0, 2), 2), 8: np.rot90(COLOURS, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), COLOURS)
    header = images.image_header(tmp_path / "a.png")
    assert header is not None and (header.width, header.height) == (40, 30)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    gray = np.arange(0, 240, 4, dtype=np.uint8).reshape(6, 10)
    suffix = "tif" if mode in ("CMYK", "F", "I") else "png"
    if mode == "I;16":
        source = Image.fromarray(gray.astype(np.uint16) * 257)
    elif mode == "I":
        source = Image.fromarray(gray.astype(np.int32) * 257)
    elif mode == "F":
        source = Image.fromarray(gray.astype(np.float32) / 255)
    else:
        source = Image.fromarray(gray)  # to P directly: by way of RGB Pillow dithers
        source = source.convert("P") if mode == "P" else source.convert("RGB").convert(mode)
    source.save(tmp_path / f"a.{suffix}")
    image = read_image(tmp_path / f"a.{suffix}")
    assert image.shape == (6, 10, 3) and image.dtype == np.uint8
    if mode != "1":
        assert np.abs(image.astype(int) - gray[..., None]).max() <= 6


def test_alpha_lies_on_black(tmp_path):
    rgba = np.dstack([COLOURS, np.full(COLOURS.shape[:2], 128, np.uint8)])
    rgba[:, :10, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert not image[:, :10].any()
    assert np.abs(image[:, 10:].astype(int) - COLOURS[:, 10:] * (128 / 255)).max() <= 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"text", "no picture"), (images.encode_image(COLOURS, ".jpg")[:600], "cut off|damaged")],
)
def test_the_unreadable_names_file_and_reason(tmp_path, content, reason):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as caught:
        read_image(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_image, probe, read_stored])
def test_a_cut_png_is_one_line_for_every_reader(read, tmp_path):
    """Pillow decodes a PNG when it is asked for EXIF."""
    path = tmp_path / "a.png"
    path.write_bytes(images.encode_image(COLOURS, ".png")[:-30])
    assert images.image_header(path) is None
    with pytest.raises(UserError, match="cut off"):
        read(path)


def test_a_folder_and_nothing_are_told_apart(tmp_path):
    with pytest.raises(UserError, match="it is a folder"):
        read_image(tmp_path)
    with pytest.raises(UserError, match="no such file"):
        read_image(tmp_path / "none.jpg")


def test_too_large_is_refused_before_decoding(tmp_path, monkeypatch):
    write_image(tmp_path / "a.png", COLOURS)
    monkeypatch.setattr(images, "PICTURE_PIXELS", 1000)
    with pytest.raises(UserError, match="million pixels"):
        read_image(tmp_path / "a.png")


def test_metadata_are_in_the_file(tmp_path):
    about = {"made_with_ai": "faceswap 1, größer"}
    write_image(tmp_path / "a.png", COLOURS, metadata=about)
    write_image(tmp_path / "a.jpg", COLOURS, metadata=about)
    with Image.open(tmp_path / "a.png") as png, Image.open(tmp_path / "a.jpg") as jpg:
        assert png.text["made_with_ai"] == about["made_with_ai"]
        assert "made_with_ai=faceswap 1" in jpg.getexif()[0x010E]


def test_an_unknown_suffix_lists_the_known(tmp_path):
    with pytest.raises(UserError, match=r"\.jpg, \.jpeg, \.png, \.webp"):
        write_image(tmp_path / "a.bmp", COLOURS)
    assert not list(tmp_path.iterdir())


@settings(max_examples=25)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=0, max_size=9),
    columns=st.integers(1, 5),
    labelled=st.booleans(),
)
def test_a_contact_sheet_holds_all_sizes(sizes, columns, labelled):
    tiles = [picture(width, height) for width, height in sizes]
    sheet = contact_sheet(tiles, [f"{n} ü" for n in range(len(tiles))] if labelled else None, columns, tile_px=32)
    wide = max(1, min(columns, len(tiles)))
    assert sheet.shape[1] == 32 * wide
    assert sheet.shape[0] == (32 + (12 if labelled else 0)) * max(1, -(-len(tiles) // wide))
