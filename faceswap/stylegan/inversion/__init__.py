"""From a photo back to the latent that draws it."""
