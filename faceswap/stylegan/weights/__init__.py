"""Weights of generators and encoders: our safetensors and the layouts of other programs."""
