"""Faces over time: shot detection, tracking, smoothing."""
