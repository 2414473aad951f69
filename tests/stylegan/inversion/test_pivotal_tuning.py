"""Low-rank tuning: small, kept apart from the generator, and refused where it does not fit."""

import pytest
import torch

from faceswap.stylegan.inversion.pivotal_tuning import Tuning, tune
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.errors import UserError
from tests.stylegan.tiny import by_pixels, tiny_generator


@pytest.fixture(scope="module")
def generator():
    return tiny_generator()


def test_a_new_tuning_changes_nothing(generator):
    rows = generator.spread(generator.mapping(draw_z([1], 32)))
    drawn = Tuning.of(generator, 2).draw(generator, rows)
    torch.testing.assert_close(drawn, generator.synthesis(rows))


def test_it_draws_the_photo_better_and_leaves_the_generator_alone(generator):
    loss, before = by_pixels(), generator_hash(generator)
    rows = generator.spread(generator.average[None])
    target = loss.target(generator(draw_z([5], 32)))
    tuning = tune(generator, rows, target, loss, steps=30, rank=2)
    own = loss.parts(generator.synthesis(rows), target)["pixels"]
    tuned = loss.parts(tuning.draw(generator, rows), target)["pixels"]
    assert tuned < 0.7 * own
    assert generator_hash(generator) == before
    copy = tuning.applied(generator)
    torch.testing.assert_close(copy.synthesis(rows), tuning.draw(generator, rows))


def test_it_goes_through_a_file(generator):
    tuning = tune(generator, rows := generator.spread(generator.average[None]),
                  (loss := by_pixels()).target(generator(draw_z([5], 32))), loss, steps=2, rank=3)  # fmt: skip
    again = Tuning.from_tensors(generator, tuning.tensors() | {"rows": rows})
    assert again is not None and again.rank == 3
    torch.testing.assert_close(again.draw(generator, rows), tuning.draw(generator, rows))
    assert Tuning.from_tensors(generator, {"rows": rows}) is None


@pytest.mark.parametrize("damage", ["missing", "shape", "rank"])
def test_one_that_does_not_fit_is_refused(generator, damage):
    tensors = Tuning.of(generator, 2).tensors()
    name = next(name for name in tensors if ".up." in name)
    if damage == "missing":
        del tensors[name]
    else:
        tensors[name] = torch.zeros(3, 2) if damage == "shape" else torch.zeros(16, 5)
    with pytest.raises(UserError, match="does not fit"):
        Tuning.from_tensors(generator, tensors)


def test_at_1024_px_it_takes_a_few_megabytes():
    with torch.device("meta"):
        generator = Generator(1024)
        names = {name: tuple(value.shape) for name, value in generator.synthesis.named_parameters() if value.ndim == 4}
    tuning = sum((shape[0] + int(torch.Size(shape[1:]).numel())) * 4 for shape in names.values())  # numbers at rank 4
    whole = sum(value.numel() for value in generator.parameters())
    assert tuning * 4 < 4e6 and tuning < whole / 30
