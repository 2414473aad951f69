"""compare= gives every combination, and each is the request with its own settings."""

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.commands.converting.preview import combinations_of, compared, convert_preview
from faceswap.utils.errors import UserError
from faceswap.utils.limits import PREVIEW_COMBINATIONS


def test_every_combination_once():
    assert combinations_of("") == [()]
    assert combinations_of("mask=learned,parsed,learned colour=mkl") == [
        ("mask=learned", "colour=mkl"), ("mask=parsed", "colour=mkl"),
    ]  # fmt: skip
    assert len(combinations_of("sharpen=0,1,auto grain=true,false mask.erode=0,0.1")) == 12


@pytest.mark.parametrize(
    ("compare", "told"),
    [
        ("mask", "NAME=VALUE"),
        ("mask=", "NAME=VALUE"),
        ("mask=hull,", "NAME=VALUE"),
        ("mask=hull mask=box", "twice"),
        ("video=a.mp4,b.mp4", "cannot be compared"),
        ("mask='hull", "quote"),
        (f"sharpen={','.join(str(n / 100) for n in range(PREVIEW_COMBINATIONS + 1))}", "at most"),
    ],
)
def test_what_cannot_be_compared_is_one_line(compare, told):
    with pytest.raises(UserError, match=told):
        combinations_of(compare)


def test_a_combination_changes_what_it_names_alone():
    request = compose_config("convert", ["mask=learned", "mask.erode=0.1", "stop=5", "compare=mask=box", "sharpen=1"])
    one = compared(request, ("mask=box", "sharpen=auto"))
    assert type(one.mask).__name__ == "BoxMaskConfig" and one.mask.erode == 0.1
    assert (one.sharpen, one.stop, one.colour) == ("auto", 5, request.colour)
    assert compared(request, ("mask.erode=0.2",)).mask.erode == 0.2
    with pytest.raises(UserError, match="moustache"):
        compared(request, ("mask=moustache",))


def test_a_preview_is_a_page_of_one_film(tmp_path):
    request = compose_config("convert", ["preview=2", f"out={tmp_path}/film.mp4"])
    with pytest.raises(UserError, match=r"\.html"):
        convert_preview(request, [])
    with pytest.raises(UserError, match="one film"):
        convert_preview(request, [tmp_path / "a.mp4", tmp_path / "b.mp4"])


def test_a_million_million_combinations_are_counted_and_not_made():
    with pytest.raises(UserError, match="far too many combinations"):
        combinations_of(" ".join(f"mask.x{number}=1,2" for number in range(60)))
