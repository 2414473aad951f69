"""Editing directions in the latent space, each changing one attribute of a face."""
