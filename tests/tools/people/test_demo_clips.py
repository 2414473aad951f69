"""The demo's committed clips: whole, small, with landmarks that fit the pixels."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

DEMO = Path(__file__).resolve().parents[3] / "demo"
PAIRS = json.loads((DEMO / "pairs.json").read_text())["pairs"]
CLIPS = sorted(path.stem for path in DEMO.glob("*.mp4"))


def test_every_pair_has_its_clips_and_all_is_small():
    for pair in PAIRS:
        assert {pair[role] for role in pair if role != "name"} <= set(CLIPS)
        assert {"a", "b", "test", "truth"} <= set(pair)
    assert sum(path.stat().st_size for path in DEMO.iterdir()) <= 16e6


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_has_sound_tags_and_landmarks_for_every_frame(name):
    landmarks = np.load(DEMO / f"{name}.landmarks.npz")
    with av.open(str(DEMO / f"{name}.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.codec_context.name == "h264" and video.average_rate == 25
        assert (video.codec_context.colorspace, video.codec_context.color_range) == (1, 1)
        assert video.frames == len(landmarks["frame"]) == len(landmarks["points"])
        assert audio.duration * audio.time_base == pytest.approx(video.frames / 25, abs=0.1)
        size = video.width
    points, box = landmarks["points"], landmarks["box"]
    assert points.shape[1:] == (68, 2) and np.isfinite(points).all()
    np.testing.assert_allclose(box, np.concatenate([points.min(1), points.max(1)], 1))
    assert ((points > -0.1 * size) & (points < 1.1 * size)).all()
    assert np.abs(np.diff(points, axis=0)).max() < 0.06 * size  # nobody jumps


@pytest.mark.parametrize("name", CLIPS)
def test_open_eyes_are_where_the_landmarks_say(name):
    """The iris between the lids is darker than the cheek below it."""
    landmarks = np.load(DEMO / f"{name}.landmarks.npz")["points"]
    darker = []
    with av.open(str(DEMO / f"{name}.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 25:
                continue
            grey = frame.to_ndarray(format="gray").astype(float)
            for first in (36, 42):
                eye = landmarks[index, first : first + 6]
                if eye[4:, 1].mean() - eye[1:3, 1].mean() < 0.15 * np.ptp(eye[:, 0]):
                    continue  # shut
                column, row = np.round(eye.mean(0)).astype(int)
                below = int(row + np.ptp(eye[:, 0]))
                darker.append(grey[row - 2 : row + 3, column - 2 : column + 3].min() < 0.8 * grey[below, column])
    assert np.mean(darker) > 0.9
