"""What the benchmark of edits takes for flicker, and where it reads what the command took."""

import numpy as np
import pytest

from faceswap.core.values import Frame
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter
from tests.clips import make_clip
from tests.stylegan.tiny import tiny_files
from tools.bench.edit import edited, flicker, flicker_of_change


def test_flicker_is_the_change_from_frame_to_frame(tmp_path):
    info = probe(make_clip(tmp_path, "any", 2).video)
    levels = {"still": [90] * 8, "edited": [95] * 8, "trembling": [90, 100] * 4}
    for name, values in levels.items():
        with VideoWriter(tmp_path / f"{name}.mp4", info, coding=Coding(crf=0)) as writer:
            for index, level in enumerate(values):
                image = np.full((info.height, info.width, 3), level, np.uint8)
                writer.write(Frame(image, index, index / 25))
    still, edited, trembling = (tmp_path / f"{name}.mp4" for name in levels)
    assert flicker(still) == pytest.approx(0, abs=0.1) and flicker(trembling) == pytest.approx(10, abs=1)
    size, steps = flicker_of_change(still, edited)
    assert size == pytest.approx(5, abs=1) and steps == pytest.approx(0, abs=0.1)
    assert flicker_of_change(still, trembling)[1] == pytest.approx(10, abs=1)


@pytest.mark.slow
def test_the_commands_report_is_read(tmp_path):
    clip = make_clip(tmp_path, "clip", 4)
    weights = [*tiny_files(tmp_path), f"directions={tmp_path / 'directions.safetensors'}"]
    points = ["finder=landmarks", f"finder.path={clip.landmarks}", "mask=hull", "steps=2"]
    report, seconds = edited(clip.video, tmp_path / "moved.mp4", [*weights, *points, "smile=1"])
    assert report["frames"] == report["faces"] == 4 and report["frames_per_second"] > 4 / seconds
