"""The page holds everything itself, and no name in it is read as HTML."""

import base64
import re

import numpy as np

from faceswap.compositing.preview.sheet import LEAST_PX, Variant, shown_part, write_sheet
from faceswap.provenance.notice import made_with_ai


def test_the_page_is_whole_and_escaped(tmp_path):
    filmed = {3: np.zeros((300, 400, 3), np.uint8), 40: np.zeros((300, 400, 3), np.uint8)}
    made = {index: picture.copy() for index, picture in filmed.items()}
    made[3][100:200, 100:220] = 200
    about = made_with_ai("the faces in this work were swapped", "<b>model</b>")
    variants = [Variant("mask=<i>", "python -m x 'video=</script><script>alert(1)</script>'", made, about)] * 2
    path = tmp_path / "page.html"
    write_sheet(path, "</title>{{style}}", filmed, variants)
    page = path.read_text()
    assert page.count("<section") == 2 and page.count("<figure") == 4 and page.count("<script") == 1
    assert "<i>" not in page and "<b>" not in page and "&lt;/title&gt;{{style}}" in page
    assert "&lt;b&gt;model" in page and "&lt;/script&gt;&lt;script&gt;alert(1)" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)|url\((?!data:)|https?://", page)
    jpegs = re.findall(r'<img width="(\d+)" height="(\d+)" src="data:image/jpeg;base64,([^"]+)"', page)
    assert [size[:2] for size in jpegs] == [("240", "200"), ("400", "300")] * 2
    for *_, data in jpegs:
        assert b"c2pa" in base64.b64decode(data) and b"made_with_ai" in base64.b64decode(data)
    filmed_jpegs = re.findall(r"\.filmed\.f\d+\{background-image:url\(data:image/jpeg;base64,([^)]+)\)", page)
    assert len(filmed_jpegs) == 2 and all(b"made_with_ai" not in base64.b64decode(data) for data in filmed_jpegs)


def test_what_changed_is_shown_with_what_is_around_it():
    filmed = np.zeros((1000, 1000, 3), np.uint8)
    made = filmed.copy()
    assert shown_part(filmed, [made]) == (slice(0, 1000), slice(0, 1000))
    made[500, 10] = 1
    rows, columns = shown_part(filmed, [filmed, made])
    assert rows.start <= 500 - LEAST_PX // 2 + 1 and rows.stop >= 500 + LEAST_PX // 2 and columns.start == 0
