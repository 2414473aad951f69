"""What the tests of the training share."""

import numpy as np
import pytest

from tests.stylegan.training.small import SETTINGS, train_generator


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    np.save(folder / "targets.npy", np.random.default_rng(0).integers(0, 255, (16, 32, 32, 3), np.uint8))
    return folder


@pytest.fixture(scope="session")
def whole(data, tmp_path_factory):
    return train_generator(data, tmp_path_factory.mktemp("whole"), kimg=0.024, **SETTINGS)
