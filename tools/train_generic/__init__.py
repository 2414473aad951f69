"""Trains the generic weights that new swaps begin with, on rendered people who play the same moments."""
