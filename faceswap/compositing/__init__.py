"""Compositing of decoded faces into frames: face sources, masks, colour, blenders, compositor, the convert pipeline."""
