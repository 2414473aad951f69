"""Settings as fields: help and ranges of the declarations, and what a form says back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faceswap.config.groups import GROUPS
from faceswap.studio.shared.forms import fields_of, other_fields, plugin_fields, said


def test_fields_have_what_the_declarations_say():
    mask, grain, crf, preset = fields_of("convert", ("mask", "grain", "crf", "preset"))
    assert mask.kind == "choice" and {"hull", "learned", "parsed"} <= set(mask.choices) and mask.value == "learned"
    sharpen = fields_of("convert", ("sharpen",))[0]
    assert (sharpen.kind, sharpen.value, sharpen.low, sharpen.high) == ("keyed", "auto", "0", "3")
    assert said([sharpen], {"sharpen": "0", "sharpen:word": "auto"}) == []
    assert said([sharpen], {"sharpen": "0"}) == ["sharpen=0"]
    assert said([sharpen], {"sharpen": "{0: 0, 9: 1}", "sharpen:word": "x"}) == ["sharpen={0: 0, 9: 1}"]
    assert (grain.kind, grain.value) == ("switch", "true")
    assert (crf.kind, crf.value, crf.low, crf.high) == ("number", "18", "0", "51") and crf.help
    assert preset.kind == "choice" and "veryfast" in preset.choices


def test_sliders_belong_to_the_choice():
    names = [field.name for field in plugin_fields("mask", "hull")]
    assert names == ["mask.erode", "mask.feather", "mask.forehead"]
    assert "mask.edge" in [field.name for field in plugin_fields("mask", "parsed")]
    assert plugin_fields("mask", "nothing") == []
    assert [field.kind for field in plugin_fields("mask", "hull")] == ["keyed", "keyed", "slider"]
    assert all(float(field.step) > 0 for field in plugin_fields("mask", "hull"))


def test_only_what_differs_is_said():
    fields = [*fields_of("convert", ("mask", "grain", "crf")), *plugin_fields("mask", "hull")]
    assert said(fields, {"mask": "learned", "grain": "true", "crf": "", "mask.erode": "0"}) == []
    form = {"mask": "hull", "crf": "20", "mask.erode": "0.1", "unknown": "x"}  # a switch that is off is not sent
    assert said(fields, form) == ["mask=hull", "grain=false", "crf=20", "mask.erode=0.1"]


PLUGINS = (
    *("model", "optimizer", "loss", "likeness", "discriminator", "warp", "augment", "init"),
    *("mask", "detail"),
)


@pytest.mark.parametrize("command", ["train", "convert", "extract", "morph"])
def test_a_form_that_nobody_touched_says_nothing(command):
    """A browser moves a slider to the nearest of its steps: the usual value must be one of them."""
    fields = other_fields(command, ())
    for group in PLUGINS:
        for choice in GROUPS[group]:
            fields += plugin_fields(group, choice)
    sliders = [field for field in fields if field.kind in ("slider", "keyed")]
    assert len(sliders) > 5
    for field in sliders:
        field = replace(field, value=field.low) if field.value in field.choices else field  # a word's box is ticked
        value, low, high, step = (float(number) for number in (field.value, field.low, field.high, field.step))
        shown = low + round((value - low) / step) * step  # as a browser does
        assert abs(shown - value) < 1e-9 and low <= value <= high and (high - low) / step <= 1001, field
    untouched = [field for field in fields if field.kind not in ("number", "words", "text")]
    assert not [told for field in untouched for told in said([field], {field.name: field.value})]
