"""Trains the detail network, which makes a drawn face as sharp as the film around it, on rendered people."""
