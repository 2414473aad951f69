"""The parser that several masks share."""

import numpy as np
import torch

from faceswap.compositing.masks import parsing
from faceswap.compositing.masks.parsing import SharedParser, shared_parser


def test_the_same_faces_are_parsed_once(monkeypatch):
    calls = []

    class Parser:
        def __init__(self, device):
            pass

        def parse(self, images, points):
            calls.append(len(images))
            return np.zeros((len(images), 1, 2, 2)), np.zeros((len(images), 2, 3))

    monkeypatch.setattr("faceswap.facenets.parser.FaceParser", Parser)
    parser, images, points = SharedParser("cpu"), [np.zeros((4, 4, 3), np.uint8)] * 2, [np.zeros((68, 2))] * 2
    for _ in range(2):
        parser.parse(images, points)
    assert calls == [2]
    parser.parse([images[0].copy(), images[1]], points)
    parser.parse(images[:1], points[:1])
    parser.parse(images[:1], [points[0] + 1])
    assert calls == [2, 2, 1, 1]


def test_masks_of_one_device_share_a_parser_while_they_live():
    first = shared_parser("cpu")
    assert shared_parser("cpu") is first
    if not torch.cuda.is_available():
        assert shared_parser("auto") is first
    del first
    assert "cpu" not in parsing._shared
