"""Generator, discriminator and encoder of StyleGAN2 in plain torch."""
