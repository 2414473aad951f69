"""What `python -m faceswap.convert` does, and what the studio and people share with it."""
