"""Scores a finder against faces that another program marked: files MEDIA.ref.npz beside the media."""
