"""How the shipped generator was made: crops of rendered people, then `python -m faceswap.stylegan.train`."""
