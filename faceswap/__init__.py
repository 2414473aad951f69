"""Face swapping for video: find and align faces, train a shared encoder with two decoders, blend the result back."""

__version__ = "0.1.0"
