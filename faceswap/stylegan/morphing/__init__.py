"""Morphs between faces; children, composites and cartoons."""
