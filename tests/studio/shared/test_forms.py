"""Settings as fields: help and ranges of the declarations, and what a form says back."""

from __future__ import annotations

from faceswap.studio.shared.forms import fields_of, plugin_fields, said


def test_fields_have_what_the_declarations_say():
    mask, grain, crf, preset = fields_of("convert", ("mask", "grain", "crf", "preset"))
    assert mask.kind == "choice" and {"hull", "learned", "parsed"} <= set(mask.choices) and mask.value == "learned"
    sharpen = fields_of("convert", ("sharpen",))[0]
    assert (sharpen.kind, sharpen.value, sharpen.low, sharpen.high) == ("keyed", "0", "0", "3")
    assert said([sharpen], {"sharpen": "0", "sharpen:word": "auto"}) == ["sharpen=auto"]
    assert said([sharpen], {"sharpen": "{0: 0, 9: 1}", "sharpen:word": "x"}) == ["sharpen={0: 0, 9: 1}"]
    assert (grain.kind, grain.value) == ("switch", "false")
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
    assert said(fields, {"mask": "learned", "crf": "", "mask.erode": "0"}) == []
    form = {"mask": "hull", "grain": "true", "crf": "20", "mask.erode": "0.1", "unknown": "x"}
    assert said(fields, form) == ["mask=hull", "grain=true", "crf=20", "mask.erode=0.1"]
