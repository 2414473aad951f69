"""Readers of files that may come from anybody: sizes bounded before memory is taken, nothing in them is run."""
