"""StyleGAN2 training: warm-up as an autoencoder, adversarial phase, augmentation, monitor."""
