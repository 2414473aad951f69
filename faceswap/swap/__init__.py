"""The swap: models, data, losses, training, inference."""
