"""What a swap training makes small: reconstruction, perceptual and adversarial losses."""
