"""Data of a generator: packed training images, aligned portraits, labels."""
