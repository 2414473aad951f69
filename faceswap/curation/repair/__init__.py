"""Repair of a face set by hand: points moved, faces added, changes carried along a track, and all of it undone."""
