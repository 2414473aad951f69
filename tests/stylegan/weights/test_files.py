"""Weights come in from every layout and go out again bit for bit; what does not fit is refused in one line."""

import json
import resource
from argparse import Namespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.directions.imported import import_directions
from faceswap.stylegan.inversion.perceptual import read_weights
from faceswap.stylegan.metrics.inception import inception_features
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import (
    generator_hash,
    load_encoder,
    load_generator,
    save_encoder,
    save_generator,
    write_as,
)
from faceswap.utils.errors import UserError
from tests.stylegan import published_made as made


@pytest.fixture
def nvidia():
    return made.nvidia_tensors()


def assert_holds(generator: Generator, nvidia: dict) -> None:
    state = generator.state_dict()
    assert state.keys() == {name for name in nvidia if not name.endswith("resample_filter")}
    for name, tensor in state.items():
        assert torch.equal(tensor, nvidia[name]), name
        assert tensor.dtype == torch.float32 and not tensor.requires_grad


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_nvidias_pickle_with_any_protocol(tmp_path, nvidia, protocol):
    assert_holds(load_generator(made.write_nvidia(tmp_path / "n.pkl", nvidia, protocol=protocol)), nvidia)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", ["final", "training", "bare", "e4e"])
def test_rosinalitys_files(tmp_path, nvidia, zipped, kind):
    weights, average = made.rosinality_tensors(nvidia)
    optimizer = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}},
                 "param_groups": [{"lr": 0.002, "betas": (0.0, 0.99), "params": [0]}]}  # fmt: skip
    content = {
        "final": {"g_ema": weights, "latent_avg": average},
        "training": {"g": weights, "g_ema": weights, "latent_avg": average, "g_optim": optimizer,
                     "args": Namespace(size=32, path="faces"), "ada_aug_p": 0.1},
        "bare": {**weights, "latent_avg": average},
        "e4e": {"state_dict": {f"decoder.{name}": one for name, one in weights.items()}
                | {"encoder.input_layer.0.weight": torch.zeros(3)},
                "latent_avg": average.repeat(8, 1), "opts": {"device": "cuda:0", "start_from_latent_avg": True}},
    }[kind]  # fmt: skip
    torch.save(content, tmp_path / "r.pt", _use_new_zipfile_serialization=zipped)
    assert_holds(load_generator(tmp_path / "r.pt"), nvidia)


def test_tensorflows_pickle(tmp_path, nvidia):
    generator = load_generator(made.write_tensorflow(tmp_path / "t.pkl", nvidia))
    for name, tensor in generator.state_dict().items():
        assert torch.allclose(tensor, nvidia[name], rtol=0, atol=2e-7), name  # the 1 of the biases rounds


def test_a_missing_average_is_computed_the_same_each_time(tmp_path, nvidia, caplog):
    weights, _ = made.rosinality_tensors(nvidia)
    torch.save({"g_ema": weights}, tmp_path / "r.pt")
    with caplog.at_level("INFO"):
        first, second = (load_generator(tmp_path / "r.pt") for _ in range(2))
    assert "the mean of 10,000 codes stands in" in caplog.text
    assert torch.equal(first.average, second.average)
    torch.testing.assert_close(first.average, first.mapping(torch.randn(20_000, made.Z_SIZE)).mean(0), rtol=0, atol=0.1)


def test_missing_noise_is_drawn_the_same_each_time(tmp_path, nvidia):
    weights, average = made.rosinality_tensors(nvidia)
    weights = {name: one for name, one in weights.items() if not name.startswith("noises.")}
    torch.save({"g_ema": weights, "latent_avg": average}, tmp_path / "r.pt")
    first, second = (load_generator(tmp_path / "r.pt") for _ in range(2))
    assert generator_hash(first) == generator_hash(second)


def test_an_encoder_beside_the_generator_is_told(tmp_path, nvidia, caplog):
    weights, average = made.rosinality_tensors(nvidia)
    state = {f"decoder.{name}": one for name, one in weights.items()} | {"encoder.body.0.weight": torch.zeros(3)}
    torch.save({"state_dict": state, "latent_avg": average}, tmp_path / "e.pt")
    with caplog.at_level("INFO"):
        load_generator(tmp_path / "e.pt")
    assert "its encoder (1 weights" in caplog.text


@pytest.mark.parametrize("layout", ["ours", "nvidia", "rosinality"])
@pytest.mark.parametrize("clamp", [None, 256.0])
def test_there_and_back_is_bit_for_bit(tmp_path, nvidia, layout, clamp):
    generator = load_generator(made.write_nvidia(tmp_path / "n.pkl", nvidia, clamp))
    out = tmp_path / ("out.safetensors" if layout == "ours" else "out.pt")
    back = load_generator(write_as(generator, out, layout, {"from": "n.pkl"}))
    assert_holds(back, nvidia)
    assert generator_hash(back) == generator_hash(generator)
    assert back.settings["clamp"] == (clamp if layout == "ours" else None)


def test_what_others_load_has_their_names_and_shapes(tmp_path, nvidia):
    generator = load_generator(made.write_nvidia(tmp_path / "n.pkl", nvidia, None))
    theirs = torch.load(write_as(generator, tmp_path / "n.pt", "nvidia", {}), weights_only=True)["G_ema"]
    assert theirs.keys() == nvidia.keys() and all(torch.equal(theirs[name], nvidia[name]) for name in theirs)
    theirs = torch.load(write_as(generator, tmp_path / "r.pt", "rosinality", {}), weights_only=True)
    weights, average = made.rosinality_tensors(nvidia)
    assert theirs["g_ema"].keys() == weights.keys() and torch.equal(theirs["latent_avg"], average)
    for name, tensor in weights.items():
        assert theirs["g_ema"][name].shape == tensor.shape and torch.equal(theirs["g_ema"][name], tensor), name


def test_ours_says_where_it_comes_from_and_may_be_half_as_large(tmp_path):
    generator = Generator(32, [8] * 4, 8, 8, 2, clamp=64.0)
    path = save_generator(generator, tmp_path / "g.safetensors", {"steps": 3}, torch.float16)
    assert load_file(path)["synthesis.b4.const"].dtype == torch.float16
    loaded = load_generator(path)
    assert loaded.settings == generator.settings and not loaded.training
    assert generator_hash(loaded) != generator_hash(generator)  # rounded
    again = save_generator(loaded, tmp_path / "again.safetensors", {}, torch.float16)
    assert generator_hash(load_generator(again)) == generator_hash(loaded)
    rows = torch.randn(1, 8, 8, requires_grad=True)
    loaded.synthesis(rows).sum().backward()  # inversion learns rows through it
    assert rows.grad is not None


def test_nvidias_names_in_safetensors_need_no_header(tmp_path, nvidia):
    save_file({name: one.clone().contiguous() for name, one in nvidia.items()}, tmp_path / "n.safetensors")
    assert_holds(load_generator(tmp_path / "n.safetensors"), nvidia)


def without(name):
    return lambda tensors: tensors.pop(name)


def other(name, tensor):
    return lambda tensors: tensors.update({name: tensor})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("synthesis.b8.conv0.weight"), "lacks synthesis.b8.conv0.weight"),
        (without("mapping.fc0.weight"), "no StyleGAN2 generator"),
        (other("synthesis.b8.conv0.weight", torch.zeros(3, 3)), "has the shape (3, 3) instead of"),
        (other("synthesis.b8.skip.weight", torch.zeros(3, 3)), "'synthesis.b8.skip.weight'"),
        (other("mapping.embed.weight", torch.zeros(3, 3)), "several classes"),
        (other("synthesis.input.freqs", torch.zeros(3, 3)), "StyleGAN3"),
        (other("synthesis.b4.resample_filter", torch.ones(4, 4)), "low-pass filter"),
        (other("synthesis.b4.const", torch.full((12, 4, 4), torch.nan)), "not all finite"),
        (other("synthesis.b64.torgb.weight", torch.zeros(3, 3, 1, 1)), "lacks"),
    ],
)
def test_other_generators_are_refused_with_the_reason(tmp_path, nvidia, change, said):
    change(nvidia)
    with pytest.raises(UserError, match="cannot use the weights") as caught:
        load_generator(made.write_nvidia(tmp_path / "n.pkl", nvidia))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_no_weights(tmp_path):
    (tmp_path / "g.onnx").write_bytes(b"x")
    (tmp_path / "g.safetensors").write_bytes(b"x" * 100)
    (tmp_path / "empty.pt").write_bytes(b"")
    for name, said in (("none.pkl", "there are no weights"), ("g.onnx", "accepted are"), ("g.safetensors", "damaged"),
                       ("empty.pt", "it is empty")):  # fmt: skip
        with pytest.raises(UserError, match=said):
            load_generator(tmp_path / name)


def test_a_header_cannot_ask_for_more_than_the_file_holds(tmp_path):
    generator = Generator(32, [8] * 4, 8, 8, 2)
    header = {"settings": json.dumps({**generator.settings, "channels": [100_000] * 4, "clamp": 1e99})}
    save_file(generator.state_dict(), tmp_path / "g.safetensors", header)
    with pytest.raises(UserError, match="clamps at no number"):
        load_generator(tmp_path / "g.safetensors")
    header = {"settings": json.dumps({**generator.settings, "channels": [100_000] * 4})}
    save_file(generator.state_dict(), tmp_path / "g.safetensors", header)
    assert load_generator(tmp_path / "g.safetensors").settings == generator.settings


def test_a_layout_is_written_under_its_suffix(tmp_path):
    with pytest.raises(UserError, match=r"written as \.pt; name it g\.pt"):
        write_as(Generator(32, [8] * 4, 8, 8, 2), tmp_path / "g.safetensors", "rosinality", {})


def encoder_file(folder, tensors=None, **changes):
    encoder = Encoder(32, 8, 16, (8, 8, 8), mapping_layers=2)
    settings = json.dumps(encoder.settings | changes)
    save_file(encoder.state_dict() if tensors is None else tensors, folder / "e.safetensors", {"settings": settings})
    return folder / "e.safetensors"


def test_an_encoder_goes_through_its_file(tmp_path):
    assert load_encoder(encoder_file(tmp_path)).settings["rows"] == 8


@pytest.mark.parametrize(
    "changes",
    [{"rows": 4096, "w_size": 4096}, {"mapping_layers": 300, "w_size": 4096}, {"mapping_layers": 16, "z_size": 4096},
     {"rows": 10**400}, {"resolution": -(10**300)}, {"widths": [1] * 40}, {"rows": 0}, {"w_size": True}, {"rows": 8.5}],
)  # fmt: skip
def test_an_encoders_header_cannot_ask_for_memory(tmp_path, changes):
    path = encoder_file(tmp_path, {"code.weight": torch.zeros(2)}, **changes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="no encoder of this program"):
        load_encoder(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".pth", ".safetensors"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\n<!DOCTYPE html><html>log in</html>", "web page"), (b"<HTML lang=en>", "web page"), (b"", "empty"),
     (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", "pointer of Git LFS"),
     (b'{"error": "quota exceeded"}', "JSON"), (b"\x1f\x8b" + bytes(900), "packed"), (bytes(5000), "zeros")],
)  # fmt: skip
def test_what_was_saved_in_the_place_of_weights_is_named(tmp_path, suffix, content, said):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    for read in (load_generator, load_encoder, lambda path: read_weights(path, "vgg"), inception_features):
        with pytest.raises(UserError, match=said):
            read(path)
    for read in (load_directions, import_directions) if suffix in (".pt", ".safetensors") else ():
        with pytest.raises(UserError, match=said):
            read(path)


@pytest.mark.parametrize("name", ["mapping.fc1.weight", "synthesis.b16.conv0.weight", "synthesis.b32.torgb.weight"])
def test_weights_that_draw_no_picture_are_refused(tmp_path, nvidia, name):
    nvidia[name] = torch.full_like(nvidia[name], 3e38)
    torch.save(nvidia, tmp_path / "w.pt")
    with pytest.raises(UserError, match="what they draw is no picture"):
        load_generator(tmp_path / "w.pt")


def test_an_encoder_of_whole_numbers_is_refused(tmp_path):
    tensors = Encoder(32, 8, 16, (8, 8, 8), mapping_layers=2).state_dict()
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    with pytest.raises(UserError, match=f"{name} does not hold floating-point"):
        load_encoder(encoder_file(tmp_path, {**tensors, name: tensors[name].long()}))


def test_an_encoder_that_says_no_numbers_is_refused(tmp_path):
    tensors = {name: torch.full_like(value, 3e38) if value.is_floating_point() else value
               for name, value in Encoder(32, 8, 16, (8, 8, 8)).state_dict().items()}  # fmt: skip
    with pytest.raises(UserError, match="is no number"):
        load_encoder(encoder_file(tmp_path, tensors))


def test_the_first_stylegan_is_named(tmp_path, nvidia):
    theirs = [("ToRGB_lod8/weight", np.zeros((1, 1, 8, 3), np.float32)),
              ("4x4/Conv/StyleMod/weight", np.zeros((16, 16), np.float32))]  # fmt: skip
    path = made.write_tensorflow(tmp_path / "karras2019.pkl", nvidia, theirs)
    with pytest.raises(UserError, match="it is the first StyleGAN"):
        load_generator(path)


@pytest.mark.parametrize("kind", ["generator", "encoder"])
def test_weights_of_which_a_part_was_lost_are_refused(tmp_path, kind):
    path = tmp_path / "x.safetensors"
    if kind == "generator":
        save_generator(Generator(32, [8] * 4, 8, 8, 2), path, {})
    else:
        save_encoder(Encoder(32, 8, 8, [8] * 3, 8, 2), path, {})
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(UserError, match="does not hold what was written"):
        {"generator": load_generator, "encoder": load_encoder}[kind](path)
