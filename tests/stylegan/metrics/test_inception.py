"""The network of published FIDs, for weights that people bring along."""

import pytest
import torch

from faceswap.stylegan.metrics.inception import Inception, inception_features
from faceswap.utils.errors import UserError


def test_layers_are_the_published_ones():
    network = Inception()
    tensors = network.state_dict()
    assert sum(p.numel() for p in network.parameters()) == 21_785_568  # Inception v3 without its last layer
    for name, shape in {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Mixed_5b.branch5x5_2.bn.running_mean": (64,),
        "Mixed_6c.branch7x7dbl_5.conv.weight": (192, 160, 1, 7),
        "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
        "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
    }.items():
        assert tensors[name].shape == shape


def test_it_gives_2048_features():
    with torch.inference_mode():
        assert Inception().eval()(torch.rand(1, 3, 64, 64)).shape == (1, 2048)


def test_another_file_is_refused(tmp_path):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    for path in (tmp_path / "other.pth", tmp_path / "missing.pth"):
        with pytest.raises(UserError, match="pt_inception"):
            inception_features(str(path), "cpu")
