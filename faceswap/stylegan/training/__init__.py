"""Training a StyleGAN2: warm-up as an autoencoder, adversarial phase, augmentation, previews."""
