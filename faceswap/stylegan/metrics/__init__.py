"""Frechet distance, perceptual path length, linear separability, edit consistency."""
