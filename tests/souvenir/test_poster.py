"""The poster and the sheet of the composite portrait."""

import numpy as np

from faceswap.souvenir.poster import HEIGHT_PX, WIDTH_PX, News, names_line, portrait_sheet, poster

RED, GREEN, BLUE = (np.full((40, 30, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200)))


def test_the_three_faces_are_on_it_and_long_names_stay_within():
    sheet = poster(RED, News(GREEN, "A" * 60, ("first", "far")), News(BLUE, "Zoe", ("last",)), "Whom?")
    assert sheet.shape == (HEIGHT_PX, WIDTH_PX, 3)
    for colour, (y, x) in {(200, 0, 0): (500, 540), (0, 200, 0): (1000, 250), (0, 0, 200): (1000, 830)}.items():
        assert tuple(sheet[y, x]) == colour
    paper = sheet[0, 0]
    assert (sheet[1260:1300, 480:600] == paper).all()  # the name did not run into the other column
    assert (sheet[HEIGHT_PX - 44 : HEIGHT_PX - 20, 72:200] != paper).any()  # made with AI


def test_the_composites_sheet_has_its_names():
    sheet = portrait_sheet(RED, names_line(["you", "Ada", "Zoe"]))
    assert sheet.shape == (800, 720, 3) and tuple(sheet[300, 300]) == (200, 0, 0)
    assert (sheet[700:740, 40:300] != sheet[0, 0]).any()


def test_names_are_listed_as_people_say_them():
    assert [names_line(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
