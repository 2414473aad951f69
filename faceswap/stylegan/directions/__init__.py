"""The ways through the latent space along which one thing about a face changes."""
