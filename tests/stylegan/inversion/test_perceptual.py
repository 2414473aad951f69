"""What makes a drawn face like a photo: features and identity by the shipped embedder or by VGG16."""

import pytest
import torch

from faceswap.facenets.embedder import EmbedderNet
from faceswap.stylegan.inversion.config import InversionWeights
from faceswap.stylegan.inversion.perceptual import InversionLoss, VggFeatures
from faceswap.utils.errors import UserError


@pytest.fixture(scope="module")
def loss():
    torch.manual_seed(0)
    return InversionLoss(InversionWeights(), EmbedderNet(widths=(8, 8, 8, 8), last=8).eval().requires_grad_(False))


def pictures(seed: int = 0) -> torch.Tensor:
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (64, 64), mode="bilinear")


def test_the_same_picture_costs_nothing_and_another_does(loss):
    target = loss.target(pictures())
    assert all((values.abs() < 1e-5).all() for values in loss.parts(pictures(), target).values())
    parts = loss.parts(pictures(1), target)
    assert set(parts) == {"pixels", "perceptual", "identity"}
    assert all(values.shape == (2,) and (values > 1e-4).all() for values in parts.values())
    expected = parts["pixels"] + 0.5 * parts["perceptual"] + 0.1 * parts["identity"]
    torch.testing.assert_close(loss.total(parts), expected)


def test_features_are_those_of_the_masked_face_alone(loss):
    masks = torch.zeros(2, 1, 64, 64)
    masks[..., 20:44, 20:44] = 1
    images = pictures(1).requires_grad_()
    parts = loss.parts(images, loss.target(pictures(), masks))
    (parts["perceptual"] + parts["identity"]).sum().backward()
    assert (images.grad[..., 20:44, 20:44] != 0).any() and (images.grad[..., :20, :] == 0).all()


def test_parts_of_a_target_are_those_of_its_photos(loss):
    both, one = loss.target(pictures()), loss.target(pictures()[1:])
    for name, value in loss.parts(pictures(1)[1:], both.part(slice(1, None))).items():
        torch.testing.assert_close(value, loss.parts(pictures(1)[1:], one)[name])


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_vgg_takes_the_weights_of_torchvision(tmp_path, suffix):
    torch.manual_seed(0)
    state = VggFeatures().state_dict()
    assert list(state)[-2:] == ["features.14.weight", "features.14.bias"]  # block3_conv3, as torchvision counts
    path = tmp_path / f"vgg16{suffix}"
    more = state | {"classifier.0.weight": torch.zeros(2, 2)}
    if suffix == ".pth":
        torch.save(more, path)
    else:
        from safetensors.torch import save_file

        save_file(more, path)
    (stage,) = VggFeatures.load(path)(pictures())
    assert stage.shape == (2, 256, 32, 32) and (stage >= 0).all()  # after its ReLU, a quarter of 128 px


def test_other_files_are_no_vgg(tmp_path):
    path = tmp_path / "vgg.pth"
    with pytest.raises(UserError, match="no such file"):
        VggFeatures.load(path)
    path.write_bytes(b"not weights")
    with pytest.raises(UserError, match="cannot be read as weights"):
        VggFeatures.load(path)
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(UserError, match=r"features\.0\.weight is missing or does not fit"):
        VggFeatures.load(path)


@pytest.mark.parametrize("name", ["pixels", "perceptual", "identity", "background_weight"])
def test_weights_are_checked(name):
    with pytest.raises(ValueError, match=f"loss.{name}"):
        InversionWeights(**{name: -1.0})
