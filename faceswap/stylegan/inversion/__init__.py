"""GAN inversion: from a photo to the latent that reconstructs it."""
