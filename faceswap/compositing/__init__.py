"""Decoded faces back into the frame: masks, colour, blenders, compositor, steadying in time, the convert pipeline."""
