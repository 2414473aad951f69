"""Names of results: variants beside each other, the same command in its own place, what no name tells refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.results import LONGEST_VARIANT, check_folder_name, record_path, result_of, variant
from faceswap.config.targets import node_from
from faceswap.utils.errors import UserError

VARIANTS = {
    "convert": ["mask=hull", "mask=parsed", "mask.erode=0.05", "colour=mkl", "blender=poisson", "checkpoint=500",
                "checkpoint=best", "smooth_frames=3", "crf=23", "finder=builtin"],
    "edit": ["smile=2", "age=3", "smile=+1.5", "fidelity=1", "face=all", "mask=hull", "clamp=true"],
    "morph": ["weight=0.3", "shares={coarse: 0, fine: 1}", "psi=0.5", "range=middle", "seconds=5", "swap_at=32",
              "there_and_back=true", "to_shape=false"],
    "generate": ["psi=0.3", "psi=0.31", "seeds=3", "noise=none", "cutoff=4", "image_format=jpg", "mix=coarse"],
    "directions": ["samples=200", "pca=3", "attributes=[age,smile]", "psi=0.7"],
    "stylegan.metrics": ["pairs=100", "measures=[separability]", "crop=true"],
    "export": ["checkpoint=500"],
    "invert": ["fidelity=1", "steps=7", "guess=average", "loss.pixels=2"],
}  # fmt: skip


def named(tmp_path: Path, command: str, *arguments: str, **how: object) -> Path:
    config = compose_config(command, [*([] if command == "export" else [f"workspace={tmp_path}"]), *arguments])
    return result_of(command, config, "x", ".png", folder=tmp_path / "out", **how).path  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["g.png", "faces.JPG", "film.mp4"])
def test_a_folder_is_not_called_like_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"say out=.*{name.partition('.')[0]}$"):
        check_folder_name(str(tmp_path / name))
    (tmp_path / name).mkdir()
    for folder in (tmp_path / name, tmp_path / "new", tmp_path / "v1.2"):
        check_folder_name(str(folder))


@pytest.mark.parametrize("command", VARIANTS)
def test_each_variant_has_its_own_name_and_keeps_it(tmp_path, command) -> None:
    names = [named(tmp_path, command, *asked) for asked in ([], *([one] for one in VARIANTS[command]))]
    assert len(set(names)) == len(names) and names[0].name == "x.png"
    assert names[1] == named(tmp_path, command, VARIANTS[command][0])
    assert all(len(name.name) <= LONGEST_VARIANT + 8 and "/" not in name.name for name in names)


def test_a_switch_stands_in_a_name_as_it_is_typed(tmp_path) -> None:
    assert named(tmp_path, "morph", "there_and_back=true").name.endswith("_there_and_back_true.png")


@pytest.mark.parametrize("unseen", ["device=cpu", "batch_size=3", "side_by_side=true"])
def test_what_shows_in_no_result_is_in_no_name(tmp_path, unseen) -> None:
    assert named(tmp_path, "convert", unseen).name == "x.png"


@settings(max_examples=25)
@given(st.lists(st.sampled_from(VARIANTS["convert"]), unique_by=lambda text: text.partition("=")[0], max_size=8))
def test_two_sets_of_settings_never_share_a_name(chosen) -> None:
    known: dict[str, frozenset] = test_two_sets_of_settings_never_share_a_name.__dict__.setdefault("known", {})
    try:
        text = variant("convert", compose_config("convert", list(chosen)))
    except UserError:
        reject()  # some settings do not go together
    assert known.setdefault(text, frozenset(chosen)) == frozenset(chosen)


def made(tmp_path: Path, film: Path, *arguments: str) -> Path:
    config = compose_config("convert", [f"workspace={tmp_path}", *arguments])
    result = result_of("convert", config, "take_as_anna", ".mp4", sources={"video": film})
    result.path.parent.mkdir(exist_ok=True)
    result.path.touch()
    return result.note()


def test_a_film_of_the_same_name_is_refused_and_the_same_command_is_not(tmp_path) -> None:
    one, other = tmp_path / "a" / "take.mp4", tmp_path / "b" / "take.mp4"
    first = made(tmp_path, one)
    assert made(tmp_path, one) == first
    with pytest.raises(UserError, match=r"take_as_anna.mp4 is there.*a/take.mp4 \(now .*b/take.mp4\).*out=.*remove"):
        made(tmp_path, other)
    assert made(tmp_path, other, f"out={first}") == first  # the user's own wish
    first.unlink()
    assert made(tmp_path, other) == first


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"made_with": 3}', "[" * 100_000])
def test_a_result_without_a_record_is_replaced(tmp_path, content) -> None:
    first = made(tmp_path, tmp_path / "a")
    record_path(first).write_text(content)
    assert made(tmp_path, tmp_path / "b") == first


def test_results_that_differ_by_suffix_have_a_record_each(tmp_path) -> None:
    assert record_path(tmp_path / "a.mkv") != record_path(tmp_path / "a.mov")


@pytest.mark.parametrize(
    "command, setting", [("edit", "photo={}/anna.png"), ("edit", "photo={}"), ("edit", "photo={}/*.png"),
                         ("morph", "a={}/anna.png"), ("morph", "faces={}"), ("invert", "photo={}/anna.png"),
                         ("convert", "video={}/anna.png")]
)  # fmt: skip
def test_a_source_is_never_written_over(tmp_path, command, setting) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "anna.png").write_text("mine")
    (tmp_path / "link.png").symlink_to(folder / "anna.png")
    for out in (folder / "anna.png", tmp_path / "link.png"):
        if out.name == "link.png" and setting.endswith("{}"):
            continue
        with pytest.raises(UserError, match=rf"cannot write .*{setting.partition('=')[0]}= names.*out="):
            named(tmp_path, command, setting.format(folder), f"out={out}")
    assert named(tmp_path, command, setting.format(folder), f"out={folder / 'new.png'}") == folder / "new.png"


def test_a_class_of_the_users_own_is_named_with_its_settings(tmp_path) -> None:
    """With other settings it is another result: it lies beside the first."""
    own = replace(
        compose_config("convert", [f"workspace={tmp_path}"]),
        mask=node_from({"_target_": "my_lab.masks.Ellipse", "width": 0.9}),
    )
    assert variant("convert", own) == "_mask_Ellipse_width_0.9"
