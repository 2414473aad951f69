"""Curation of face sets: flags for blurred, duplicate, misaligned and other people's faces, and removing them."""
