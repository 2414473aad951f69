import numpy as np
import pytest

from faceswap.media.video.colour_tags import ColourTags, rgb_to_yuv_matrix
from faceswap.media.video.pixels import rgb_to_frame

TAGS = ColourTags(1, 1)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width"), [(700, 1024), (513, 1023)])
def test_strips_of_a_picture_meet(height: int, width: int) -> None:
    """It is converted in several; each pixel, and each pair of chroma rows, is as in a picture of its own."""
    image = noise(height, width)
    frame = rgb_to_frame(image, TAGS)
    step = 2 if frame.format.name == "yuv420p" else 1
    for number, plane in enumerate(frame.planes):
        values = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows = step if number else 1
        small = values[: height // rows, : width // rows]
        alone = [rgb_to_frame(image[top : top + 2], TAGS).planes[number] for top in range(0, height - 1, 2)]
        lines = [np.frombuffer(memoryview(one), np.uint8).reshape(-1, one.line_size) for one in alone]
        expected = np.concatenate([line[: 2 // rows, : width // rows] for line in lines])
        np.testing.assert_array_equal(small[: len(expected)], expected)


def test_values_are_those_of_the_matrix() -> None:
    image = noise(20, 30)
    frame = rgb_to_frame(image, TAGS).to_ndarray()
    exact = image.astype(np.float64) @ rgb_to_yuv_matrix(TAGS, 30, 20)[:, :3].T + rgb_to_yuv_matrix(TAGS, 30, 20)[:, 3]
    np.testing.assert_allclose(frame[:20].astype(float), exact[..., 0], atol=1)
    blue = frame[20:25].reshape(10, 15).astype(float)
    np.testing.assert_allclose(blue, exact[..., 1].reshape(10, 2, 15, 2).mean((1, 3)), atol=1)
