"""The adapter for facenet-pytorch's weights: its names and shapes, and files that are not what they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from faceswap.core.values import EMBEDDING_SIZE
from faceswap.facenets.embedder import FaceEmbedder, embedder_of
from faceswap.facenets.inception_resnet import InceptionResnetV1, PublicEmbedder, projection
from faceswap.utils.errors import UserError
from tests.compositing.fakes import face_points, smooth_picture

WITHOUT_NAMES = 27_910_327 - 8631 * 513  # weights of the VGGFace2 model without its layer of 8631 names


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return InceptionResnetV1().state_dict()


@pytest.fixture(scope="module")
def weights(state, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vggface2.pt"
    names = {"logits.weight": torch.zeros(10, 512), "logits.bias": torch.zeros(10)}
    torch.save({**state, **names}, path)
    return path


def test_parts_are_those_of_the_state_dict(state) -> None:
    assert sum(parameter.numel() for parameter in InceptionResnetV1().parameters()) == WITHOUT_NAMES
    shapes = {
        "conv2d_1a.conv.weight": (32, 3, 3, 3), "conv2d_4b.bn.running_var": (256,),
        "repeat_1.4.branch2.2.conv.weight": (32, 32, 3, 3), "repeat_1.0.conv2d.bias": (256,),
        "mixed_6a.branch0.conv.weight": (384, 256, 3, 3), "mixed_6a.branch1.2.bn.weight": (256,),
        "repeat_2.9.branch1.1.conv.weight": (128, 128, 1, 7), "repeat_2.9.branch1.2.conv.weight": (128, 128, 7, 1),
        "mixed_7a.branch2.2.conv.weight": (256, 256, 3, 3), "repeat_3.4.branch1.2.conv.weight": (192, 192, 3, 1),
        "block8.conv2d.weight": (1792, 384, 1, 1), "last_linear.weight": (512, 1792), "last_bn.bias": (512,),
    }  # fmt: skip
    assert {name: tuple(state[name].shape) for name in shapes} == shapes


def test_faces_become_unit_vectors_that_fit_a_face_set(weights: Path) -> None:
    embedder = embedder_of(str(weights), "cpu")
    assert isinstance(embedder, PublicEmbedder) and isinstance(embedder_of(None, "cpu"), FaceEmbedder)
    image, points = smooth_picture(320, 240), face_points((160, 120), 90)
    vectors = embedder.embed([image, image], [points, points])
    assert vectors.shape == (2, EMBEDDING_SIZE) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)


def test_the_projection_nearly_keeps_angles() -> None:
    columns = projection()
    np.testing.assert_allclose(columns.T @ columns, np.eye(EMBEDDING_SIZE), atol=1e-5)
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((200, 512)) + 1.0  # half alike
    before = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    after = before @ columns
    after /= np.linalg.norm(after, axis=1, keepdims=True)
    assert np.abs(before @ before.T - after @ after.T).std() < 0.08


def test_safetensors_are_read_too(state, tmp_path: Path) -> None:
    save_file(state, tmp_path / "vggface2.safetensors")
    assert PublicEmbedder(tmp_path / "vggface2.safetensors", "cpu").size == EMBEDDING_SIZE


@pytest.mark.parametrize("name", ["wrong.pt", "wrong.safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", None])
def test_other_files_are_refused_in_one_line(content: bytes | None, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is None:
        torch.save({"conv2d_1a.conv.weight": torch.zeros(1)}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(UserError, match="are not those of facenet-pytorch") as caught:
        embedder_of(str(path), "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [torch.nan, torch.inf, 1e38])
def test_impossible_numbers_are_refused(number: float, state, tmp_path: Path) -> None:
    save_file(state | {"last_bn.bias": torch.full((512,), number)}, tmp_path / "vggface2.safetensors")
    with pytest.raises(UserError, match="impossible numbers"):
        embedder_of(str(tmp_path / "vggface2.safetensors"), "cpu")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        embedder_of(str(tmp_path / "none.pt"), "cpu")
