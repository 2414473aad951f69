"""Trainings of a small model, as the tests of swap/ have them."""

from tests.swap.conftest import sets, tiny_is_known

__all__ = ["sets", "tiny_is_known"]
