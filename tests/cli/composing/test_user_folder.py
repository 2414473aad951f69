"""What a folder given as --config-dir can do: change settings; never run code or tell secrets."""

import sys
from types import SimpleNamespace

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.config import targets
from faceswap.config.build import build
from faceswap.config.nodes import node_of
from faceswap.config.swapping import TrainRequest
from faceswap.swap.models.config import LiteConfig
from faceswap.utils.errors import UserError


@pytest.fixture
def folder(tmp_path):
    def write(name, text):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A package of the user's own, where Python looks for modules."""
    (tmp_path / "lib" / "my_lab").mkdir(parents=True)
    (tmp_path / "lib" / "my_lab" / "__init__.py").write_text("")
    (tmp_path / "lib" / "my_lab" / "masks.py").write_text(
        "from shutil import rmtree\nimport os\n\nclass Ellipse:\n"
        "    def __init__(self, width: float = 1.0):\n        self.width = width\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    yield "my_lab"
    for name in [name for name in sys.modules if name.split(".")[0] == "my_lab"]:
        del sys.modules[name]
    targets._trusted.clear()


def refusal(command, extra, *arguments):
    with pytest.raises(UserError) as caught:
        compose_config(command, list(arguments), extra)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "text", "argument", "look"),
    [
        ("model/df_96", "defaults: [df]\nresolution: 64\n", "model=df_96", lambda c: c.model.resolution == 64),
        ("augment/light", "defaults: [none]\ncolour: []\n", "augment=light", lambda c: c.augment.colour == []),
        ("augment/light", "defaults: [none]\ntransfer: mkl\n", "seed=1", lambda c: c.augment.transfer == "mkl"),
        ("model/lite", "defaults: [lite]\ncoverage: 0.5\n", "model=lite", lambda c: c.model.coverage == 0.5),
        ("optimizer/adam", "defaults: [adam]\nbeta1: 0.9\n", "seed=1", lambda c: c.optimizer.beta1 == 0.9),
    ],
)
def test_a_file_of_ones_own_comes_before_the_shipped_one_of_its_name(folder, file, text, argument, look):
    assert look(compose_config("train", [argument], folder(file, text)))
    assert not look(compose_config("train", [argument]))


def test_a_file_cannot_build_on_the_shipped_one_it_hides(folder):
    assert "give it another name" in refusal("train", folder("augment/light", "defaults: [light]\n"), "augment=light")


def test_commands_and_schemas_are_not_a_folders_to_replace(folder):
    extra = folder("train", "defaults: [train_schema]\niterations: 3\n")
    folder("train_schema", "iterations: 4\n")
    folder("hydra/config", "searchpath: [pkg://evil]\n")
    assert compose_config("train", [], extra).iterations is None


@pytest.mark.parametrize(
    "target",
    [
        "pydoc.importfile", "shutil.rmtree", "os.system", "builtins.exec", "faceswap.utils.files.atomic.remove",
        "faceswap.utils.files.atomic.shutil.rmtree", "faceswap.utils.files.atomic.os.system",
        "my_lab.masks.Ellipse", "hydra.utils.call", "..os.system", "", "faceswap..x", 3, "[os.system]",
    ],
)  # fmt: skip
def test_no_class_but_the_settings_own_is_taken(target, monkeypatch):
    refusing = SimpleNamespace(import_module=lambda name: pytest.fail(f"imported {name}"))
    monkeypatch.setattr(targets, "importlib", refusing)
    for model in (node_of(LiteConfig)(_target_=target), targets.node_from({"_target_": target, "path": "x"})):
        with pytest.raises(UserError, match=r"^model: _target_="):
            targets.check_targets(node_of(TrainRequest)(model=model))
        with pytest.raises(UserError, match="_target_="):
            build(model)


@pytest.mark.parametrize(
    "text", ["_target_: shutil.rmtree\npath: x\n", "defaults: [lite]\n_target_: pydoc.importfile\n"]
)
def test_a_file_cannot_name_any_class(folder, text):
    assert "trust=my_lab" in refusal("train", folder("model/mine", text), "model=mine")


def test_interpolations_within_each_other_are_bounded(folder):
    text = f"defaults: [lite]\ncoverage: {'${' * 5000}x{'}' * 5000}\n"
    assert "more than 20 other settings" in refusal("train", folder("model/mine", text), "model=mine")


@pytest.mark.parametrize("name", ["a b", "class", "__init__", "7"])
def test_a_setting_of_ones_own_class_has_a_name_that_arguments_can_have(folder, name):
    text = f"_target_: my_lab.Net\n{name}: 1\n"
    assert f"'{name}' cannot name a setting" in refusal("train", folder("model/mine", text), "model=mine")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("model/mine", "_target_: my_lab.Net\n_args_: [1]\n"),
        ("model/mine", "_target_: faceswap.swap.models.lite.Lite\n_partial_: true\n"),
        ("model/mine", "defaults: [lite]\n_recursive_: true\n"),
        ("augment/mine", "defaults: [none]\ncolour: [{name: Blur, kwargs: {_convert_: all}}]\n"),
    ],
)
def test_what_steers_hydras_own_building_is_no_setting(folder, file, text):
    name = next(name for name in ("_args_", "_partial_", "_recursive_", "_convert_") if name in text)
    assert name in refusal("train", folder(file, text), f"{file.partition('/')[0]}=mine", "trust=my_lab")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("model/mine", "# @package _global_\nloss: {_target_: os.system}\n"),
        ("augment/mine", "defaults: [none]\ncolour: [{name: Blur, kwargs: {_target_: os.system}}]\n"),
        ("warp/mine", "defaults: [random]\n_target_: os.system\n"),
        ("model/mine", "# @package _global_\nhydra: {searchpath: ['pkg://evil']}\n"),
        ("model/mine", "# @package hydra.job\nname: x\n"),
        ("model/mine", "defaults: [lite]\ncoverage: ${oc.env:HOME}\n"),
        ("model/mine", "defaults: [lite]\n_target_: ${oc.env:HOME}\n"),
        ("model/mine", "defaults: ['${oc.env:HOME}']\n"),
        ("model/mine", "defaults: [lite]\ncoverage: ${oc.decode:0.5}\n"),
        ("model/mine", "# @package _global_\npair: {consent: {who: somebody}}\n"),
        ("model/mine", "defaults: [/pair/craig_brosnan, lite]\n"),
        ("model/mine", "coverage: !!python/object/apply:os.system [id]\n"),
        ("model/mine", "- a list\n"),
    ],
)
def test_what_a_file_of_settings_may_not_hold(folder, file, text, monkeypatch):
    monkeypatch.setenv("HOME", "a-secret")
    group = file.partition("/")[0]
    assert "a-secret" not in refusal("train", folder(file, text), f"{group}=mine")


def test_other_settings_can_be_referred_to(folder):
    extra = folder("model/mine", "defaults: [df]\nae_dims: ${.resolution}\n")
    assert compose_config("train", ["model=mine", "model.resolution=64"], extra).model.ae_dims == 64


def test_an_unknown_key_in_a_file_is_told_with_the_one_meant(folder):
    told = refusal("train", folder("model/mine", "defaults: [lite]\ncoverag: 0.5\n"), "model=mine")
    assert "model has no setting 'coverag'" in told and "did you mean 'coverage'" in told


@pytest.mark.parametrize("text", ["007", "1_0", "no", "1e5", "-1E3", "1.10", "true", "2024-01-01", "12:30"])
def test_a_text_is_what_stands_in_the_file(folder, text):
    extra = folder("experiment/mine", f"# @package _global_\nrun: {text}\ninit: {{path: {text}}}\nseed: 12\n")
    config = compose_config("train", ["init=weights", "+experiment=mine"], extra)
    assert (config.run, config.init.path, config.seed) == (text, text, 12)
    extra = folder("finder/mine", f"defaults: [landmarks]\npath: {text}\nfirst: 0\n")
    found = compose_config("extract", ["video=x", "finder=mine"], extra).finder
    assert (found.path, found.first) == (text, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_of_an_editor_with_marks(folder, encoding):
    extra = folder("model/mine", "defaults: [lite]\r\ncoverage: 0.5\r\n".encode(encoding))
    assert compose_config("train", ["model=mine"], extra).model.coverage == 0.5


@pytest.mark.parametrize("trust", ["trust=my_lab", "trust=[other,my_lab]"])
def test_a_class_of_a_package_that_the_user_trusts(folder, lab, trust):
    extra = folder("mask/mine", "_target_: my_lab.masks.Ellipse\nwidth: 2\n")
    config = compose_config("convert", ["mask=mine", trust], extra)
    assert build(config.mask).width == 2
    config = compose_config("convert", ["mask=mine", trust, "mask.width=3"], extra)
    assert build(config.mask).width == 3


def test_a_trusted_package_lends_no_others(folder, lab):
    for target in ("my_lab.masks.rmtree", "my_lab.masks.os.system", "my_lab.masks.os", "my_lab.nothing.X", "other.X"):
        with pytest.raises(UserError, match=rf"{target} is n"):
            targets.check_targets(node_of(TrainRequest)(model=node_of(LiteConfig)(_target_=target)), ["my_lab"])


def test_a_misspelt_setting_of_a_users_class_is_told_with_the_one_meant(folder, lab):
    extra = folder("mask/mine", "_target_: my_lab.masks.Ellipse\nwidth: 2\n")
    with pytest.raises(UserError, match=r"no setting 'widht' as chosen \(did you mean 'width'"):
        compose_config("convert", ["mask=mine", "trust=my_lab", "mask.widht=3"], extra)


def test_what_a_users_class_does_not_take_is_told(folder, lab):
    config = compose_config("convert", ["mask=mine", "trust=my_lab"], folder(
        "mask/mine", "_target_: my_lab.masks.Ellipse\nwidht: 2\n"))  # fmt: skip
    with pytest.raises(UserError, match="did you mean 'width'"):
        build(config.mask)


@pytest.mark.parametrize("trust", ["trust=os", "trust=my.lab", "trust=[x,shutil]"])
def test_only_packages_of_ones_own_can_be_trusted(trust):
    assert compose_config("convert", ["trust="]).mask
    with pytest.raises(UserError, match="packages of your own"):
        compose_config("convert", [trust])


def test_a_file_names_no_function_that_is_run(folder):
    """`scorer=` imports a module: only the command line, or trust=, lets it."""
    where = folder("finder/theirs", "# @package _global_\ndefaults: ['builtin@_global_.finder']\nscorer: 'os:getcwd'\n")
    with pytest.raises(UserError, match=r"scorer=os:getcwd comes from a file"):
        compose_config("directions", ["finder=theirs"], where)
    assert compose_config("directions", ["scorer=my_lab:redness"], where).scorer == "my_lab:redness"
