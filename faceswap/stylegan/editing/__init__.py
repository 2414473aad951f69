"""Edits of faces in photos and films, pasted back."""
