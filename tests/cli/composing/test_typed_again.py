"""What is typed again makes the same request."""

import shlex

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.composing.typed_again import command_line, typed_again


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["pair=craig_brosnan", "mask=box", "mask.erode=0.1", "colour=none", "grain=false", "tracks=0,2", "stop=5"],
        ["run=a b", "video=films/it's (1) = $HOME.mp4", "sharpen=0.5", "fade_from_yaw=off", "smooth_colour=0"],
        ["photo=me.jpg", "finder=builtin", "finder.detect_every=2", "side_by_side=true", "pair.consent.who=Ann, Bo"],
    ],
)
def test_the_same_request_again(typed):
    request = compose_config("convert", typed)
    said = typed_again("convert", request)
    assert compose_config("convert", said) == request
    assert len(said) == len(typed)
    line = shlex.split(command_line("convert", said))
    assert line == ["python", "-m", "faceswap.convert", *said]


def test_what_is_left_out():
    request = compose_config("convert", ["preview=4", "compare=mask=hull,box", "mask=box", "out=x.html"])
    assert typed_again("convert", request, ("preview", "compare", "out")) == ["mask=box"]
