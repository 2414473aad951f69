"""How the shipped gallery was made: rendered people with invented names, and the calibration of likeness."""
