"""Faces over time: tracks, smoothing, and whose track it is."""
