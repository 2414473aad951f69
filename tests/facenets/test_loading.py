"""A built-in network is loaded once a process, and without a trace in the random numbers."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from torch import nn

from faceswap.core.values import POINT_COUNT
from faceswap.facenets import loading
from faceswap.facenets.attributes import OUTPUTS, AttributeReader
from faceswap.facenets.detector import FaceDetector
from faceswap.facenets.detector_net import OUTPUTS as MAPS
from faceswap.facenets.embedder import EmbedderNet, FaceEmbedder
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.facenets.loading import load_network
from faceswap.facenets.parser import NAMES, FaceParser
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import entry_of, pretrained_folder
from tests.compositing.fakes import face_points, smooth_picture


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(loading, "_LOADED", {})


def test_all_who_ask_get_the_same_network():
    first, place = load_network("embedder", EmbedderNet, "cpu")
    second, _ = load_network("embedder", EmbedderNet, "auto" if not torch.cuda.is_available() else "cpu")
    assert first is second and place == torch.device("cpu")
    assert not first.training and not any(weight.requires_grad for weight in first.parameters())


def test_random_numbers_do_not_tell_who_asked_first():
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        load_network("embedder", EmbedderNet, "cpu")
        drawn.append(torch.rand(4))
    torch.manual_seed(3)
    assert torch.equal(drawn[0], drawn[1]) and torch.equal(drawn[0], torch.rand(4))


def test_a_file_that_has_changed_is_read_again(tmp_path, monkeypatch):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for file in (pretrained_folder() / "manifest.json", entry_of("embedder").path):
        shutil.copy(file, folder)
    monkeypatch.setenv("FACESWAP_PRETRAINED", str(folder))
    load_network("embedder", EmbedderNet, "cpu")
    path = entry_of("embedder").path
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(UserError, match="damaged"):
        load_network("embedder", EmbedderNet, "cpu")
    path.unlink()
    with pytest.raises(UserError, match="cannot read"):
        load_network("embedder", EmbedderNet, "cpu")


class Broken(nn.Module):
    """Says NaN in one place of its answer, as finite weights do that overflow."""

    resolution_px = 96

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.anchor, self.definition, self.shapes = nn.Parameter(torch.zeros(1)), torch.zeros(POINT_COUNT, 2), shapes

    def forward(self, images: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        answers = [torch.zeros(len(images), *shape) for shape in self.shapes]
        answers[-1].flatten()[-1] = torch.nan
        return answers if len(answers) > 1 else answers[0]


LANDMARKS = ((POINT_COUNT, 2), (POINT_COUNT,), (POINT_COUNT,), ())
ASKED = {
    "detector": lambda image, points: FaceDetector(network=Broken((MAPS, 40, 40))).detect([image]),
    "landmarks": lambda image, points: LandmarkPredictor(network=Broken(*LANDMARKS)).read([image], [np.eye(2, 3)]),  # type: ignore[arg-type]
    "embedder": lambda image, points: FaceEmbedder(network=Broken((128,))).embed([image], [points]),
    "parser": lambda image, points: FaceParser(network=Broken((len(NAMES), 256, 256))).parse([image], [points]),
    "attributes": lambda image, points: AttributeReader(network=Broken((OUTPUTS,))).read([image], [points]),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_that_is_no_number_is_told_and_not_taken_for_a_picture_without_faces(name):
    with pytest.raises(UserError, match=f"the {name} network answers with numbers that are none"):
        ASKED[name](smooth_picture(200, 200), face_points((100, 100), 90))
