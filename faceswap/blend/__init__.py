"""Decoded faces back into the frame: masks, colour, blenders, the compositor, steadying over time, the convert pipeline."""
