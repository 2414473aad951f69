"""Utilities without faces: errors, limits, progress, devices, files, untrusted input."""
