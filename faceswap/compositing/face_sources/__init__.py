"""Faces to swap in each frame: those of a face set, those of a finder in frames that it does not cover."""
