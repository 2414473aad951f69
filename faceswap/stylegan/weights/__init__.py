"""Generators and encoders from files and into files: our own safetensors, and everybody else's layouts."""
