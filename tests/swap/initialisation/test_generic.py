"""Generic weights: a person's decoder is exactly a plain one; what does not fit is left, and said."""

from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.core.face_set import FaceSet
from faceswap.swap.initialisation import schemes
from faceswap.swap.initialisation.generic import GenericWeights, convolutions, fold
from faceswap.swap.initialisation.person import PERSON_SIZE, PersonReader, away_from
from faceswap.swap.initialisation.schemes import Generic, Photo, Weights
from faceswap.swap.models.df import Df
from faceswap.swap.models.layers import SIDES
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained, entry_of, listed
from tests.detect.builtin.tiny_networks import write_networks
from tests.swap.fakes import SMALL_UD, NarrowOriginal
from tools.bench.models import MODELS as COUNTED
from tools.train_generic.network import GenericNet
from tools.train_generic.training import export


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Generic weights of `lite`, in which people matter, beside tiny eyes; the network they are of."""
    write_networks(tmp_path)
    network = lively(GenericNet("lite", {}))
    path = export(network, tmp_path, {})
    enter_pretrained(tmp_path, "generic-lite", path.name, licence="Apache-2.0")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return network


def lively(network: GenericNet) -> GenericNet:
    torch.manual_seed(1)
    assert network.person is not None
    torch.nn.init.normal_(network.person.layers[-1].weight, std=0.02)
    torch.nn.init.normal_(network.person.layers[-1].bias, std=0.1)
    network.person.mean.fill_(0.2)
    return network.eval()


@pytest.mark.parametrize(("name", "sizes"), [("lite", {}), ("df", SMALL_UD)])
@settings(max_examples=5)
@given(seed=st.integers(0, 99))
def test_a_person_folds_exactly_into_a_plain_decoder(name, sizes, seed):
    network = lively(GenericNet(name, sizes))
    random = torch.Generator().manual_seed(seed)
    person = torch.rand(1, PERSON_SIZE, generator=random)
    codes = torch.randn(2, network.inter[0].out_features, generator=random)
    with torch.no_grad():
        told, masks = network.decode(codes, person.expand(2, -1))
        model = {"lite": Lite, "df": Df}[name](**sizes)
        model.decoder_a.load_state_dict(network.decoder.state_dict())
        fold(model.decoder_a, network.person(person))
        drawn, drawn_masks = model.decode(network.inter[1:](codes), "a")
    torch.testing.assert_close(drawn, told, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(drawn_masks, masks, atol=1e-5, rtol=1e-4)


def test_nobody_changes_a_decoder_before_it_has_learned():
    network = GenericNet("lite", {})
    factors = network.person(torch.rand(3, PERSON_SIZE))
    assert [scale.shape for scale, _ in factors] == [(3, c.out_channels) for c in convolutions(network.decoder)]
    assert all((scale == 1).all() and (shift == 0).all() for scale, shift in factors)


def test_a_run_begins_with_both_people(shipped, sets):
    model = Lite()
    said = Generic().begin(model, dict(zip(SIDES, sets, strict=True)))
    assert "generic-lite" in said and "decoder_b" in said
    assert not torch.equal(model.decoder_a[0][0].weight, model.decoder_b[0][0].weight)
    torch.testing.assert_close(model.inter[0].weight, shipped.inter[0].weight, atol=1e-3, rtol=1e-2)
    person = torch.from_numpy(PersonReader().read_set(FaceSet.open(sets[0])))[None]
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        told = shipped(images, person.expand(2, -1))[1]
        torch.testing.assert_close(
            model.decode(model.encode(images), "a")[0], told, atol=0.02, rtol=0
        )  # half precision


def first_layers(init, sets):
    model = Lite()
    init.begin(model, dict(zip(SIDES, sets, strict=True)))
    return [model.get_submodule(f"decoder_{side}")[0][0].weight for side in SIDES]


def told(weights, person):
    model = Lite()
    weights.load(model, model.PARTS)
    weights.draw(model, "a", person)
    return model.decoder_a[0][0].weight


def test_a_run_begins_where_a_swap_from_one_photo_ends(shipped, sets, tmp_path, monkeypatch, caplog):
    people = [PersonReader().read_set(FaceSet.open(folder)) for folder in sets]
    of_a, of_b = first_layers(Photo(), sets)
    torch.testing.assert_close(of_a, told(GenericWeights.of("lite"), away_from(*people)))
    torch.testing.assert_close(of_b, first_layers(Generic(), sets)[1])
    assert not caplog.text
    cv2.imwrite(str(tmp_path / "anna.png"), np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setattr(schemes, "read_portraits", lambda photos, finder, which: [photos[0].path, which])
    monkeypatch.setattr(schemes, "person_on", lambda portraits, reader: -people[0])
    of_photo = first_layers(Photo(photo=tmp_path / "anna.png", photo_face=1), sets)[0]
    torch.testing.assert_close(of_photo, told(GenericWeights.of("lite"), away_from(-people[0], people[1])))
    assert "anna.png seems to show somebody else" in caplog.text


def test_a_photo_to_begin_with_that_shows_nobody_is_one_line(shipped, sets, tmp_path, monkeypatch):
    nobody = SimpleNamespace(prepare=lambda source: None, find=lambda frames: [[] for _ in frames])
    monkeypatch.setattr(schemes, "BuiltinFinder", lambda: nobody)
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((64, 64, 3), 99, np.uint8))
    with pytest.raises(UserError, match=r"grey\.png shows no face"):
        first_layers(Photo(photo=tmp_path / "grey.png"), sets)


def test_parts_that_are_not_kept_begin_at_random(shipped, sets):
    torch.manual_seed(5)
    model = Lite()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Generic(parts=["encoder", "decoder_b"]).begin(model, dict(zip(SIDES, sets, strict=True)))
    same = {part for part in model.PARTS if all(torch.equal(before[n], v) for n, v in model.state_dict().items()
                                                if n.startswith(f"{part}."))}  # fmt: skip
    assert same == {"inter", "decoder_a"}


def test_a_gaussian_code_takes_the_mean_and_stays_narrow(shipped, sets):
    model = Lite(beta=0.1)
    assert "generic-lite" in Generic().begin(model, dict(zip(SIDES, sets, strict=True)))
    assert (model.inter[0].spread.weight == 0).all()


@pytest.mark.parametrize("model", [NarrowOriginal, lambda: Df(**SMALL_UD)])
def test_a_model_without_generic_weights_begins_at_random(shipped, sets, model, monkeypatch):
    monkeypatch.setitem(MODELS, "original", NarrowOriginal)
    torch.manual_seed(0)
    one = model()
    before = [weight.clone() for weight in one.parameters()]
    said = Generic().begin(one, dict(zip(SIDES, sets, strict=True)))
    assert said.startswith("begun at random: no generic weights")
    assert all(torch.equal(a, b) for a, b in zip(before, one.parameters(), strict=True))


def test_another_shape_is_said_and_begins_at_random(tmp_path, monkeypatch, sets):
    path = export(GenericNet("df", SMALL_UD), tmp_path, {})
    enter_pretrained(tmp_path, "generic-df", path.name)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    said = Generic().begin(Df(**{**SMALL_UD, "ae_dims": 16}), dict(zip(SIDES, sets, strict=True)))
    assert "ae_dims=8" in said and "another shape" in said
    assert GenericWeights.of("lite") is None


def test_a_damaged_file_is_told(shipped, tmp_path, sets):
    (tmp_path / "generic-lite.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="damaged"):
        Generic().begin(Lite(), dict(zip(SIDES, sets, strict=True)))


def test_a_file_that_does_not_say_its_model_is_refused(shipped, tmp_path):
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(1, np.float16)}, tmp_path / "generic-lite.safetensors")
    enter_pretrained(tmp_path, "generic-lite", "generic-lite.safetensors")
    with pytest.raises(UserError, match="what model"):
        GenericWeights.of("lite")


def test_wrong_parts_and_missing_paths_are_one_line(sets):
    faces = dict(zip(SIDES, sets, strict=True))
    with pytest.raises(UserError, match=r"init\.parts: 'nose' is none of encoder"):
        Generic(parts=["nose"]).begin(Lite(), faces)
    with pytest.raises(UserError, match=r"init\.path= is missing"):
        Weights().begin(Lite(), faces)
    with pytest.raises(UserError, match=r"init\.freeze"):
        Generic(freeze=["nose"], freeze_steps=3).resting(Lite())
    with pytest.raises(ValueError, match="freeze_steps"):
        Generic(freeze_steps=-1)
    assert json.dumps(Generic().freeze) and len(Generic(freeze_steps=2).resting(Lite())) == 12


def test_shipped_weights_read_people_with_the_shipped_embedder():
    """Another embedder's numbers would mean other people: both are trained anew, or none."""
    embedder = entry_of("embedder").tag
    names = [name for name in listed() if name.startswith("generic-")]
    assert names
    assert {entry_of(name).about["recipe"]["embedder"] for name in names} == {embedder}


@pytest.mark.parametrize("variant", ["lite", "df_96"])
def test_shipped_weights_fit_the_model_that_they_are_told_to_be_for(variant):
    kind, sizes = COUNTED[variant]
    weights = GenericWeights.of(kind)
    model = MODELS[kind](**sizes)
    assert weights is not None and weights.unfit(model) == []
    assert weights.settings.items() <= model.settings.items()
