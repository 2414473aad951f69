"""What a refiner makes of the drawn faces is what a film shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from faceswap.core.geometry import compose, transform_points, view_of_crop
from faceswap.core.values import Decoded
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.reading import read_frames
from tests.compositing.clips import centre, convert_video, write_face_set, write_film
from tests.compositing.fakes import IdentitySwapper


class Green:
    """Draws views twice as large, all green; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[int], list[int]]] = []

    def refine(self, views, decoded, tracks, frames):
        self.asked.append((list(tracks), list(frames)))
        size = 2 * views[0].size_px
        larger = []
        for view in views:
            to_larger = view_of_crop(view.size_px, 1.0, size)
            image = np.zeros((size, size, 3), np.uint8)
            points, matrix = transform_points(to_larger, view.points), compose(to_larger, view.frame_to_crop)
            larger.append(replace(view, image=image, points=points, frame_to_crop=matrix))
        return larger, Decoded(np.tile(np.float32([0, 1, 0]), (len(views), size, size, 1)), None)


def test_a_film_shows_what_was_refined_where_the_face_is(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 5, sound=False)
    faces = write_face_set(tmp_path / "faces", film, list(range(5)))
    green = Green()
    out = convert_video(
        film, IdentitySwapper(64), tmp_path / "out.mp4", faces=faces, colour=NoColour(), refiner=green, batch_size=2,
        crf=8,
    )  # fmt: skip
    assert [frame for _, frames in green.asked for frame in frames] == list(range(5))
    assert all(track == 0 for tracks, _ in green.asked for track in tracks)
    for before, after in zip(read_frames(film), read_frames(out), strict=True):
        x, y = (int(value) for value in centre(before.index))
        red, green_there, blue = after.image[y, x].astype(int)
        assert green_there > 200 and max(red, blue) < 60
        assert np.abs(after.image[:20, :20].astype(int) - before.image[:20, :20]).mean() < 5
