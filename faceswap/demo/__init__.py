"""Clips of rendered actors with their exact landmarks (pairs.json), and the command that swaps the first pair."""
