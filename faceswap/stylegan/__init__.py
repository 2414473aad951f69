"""StyleGAN2: generation, inversion, editing, morphing, metrics, training, and other programs' weights."""
