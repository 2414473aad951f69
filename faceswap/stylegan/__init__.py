"""StyleGAN2 of our own: generate, load everybody's weights, invert, edit, morph, measure, train."""
