"""The swap models by name, their layers and weights files."""
