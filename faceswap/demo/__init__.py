"""Two short clips of rendered actors with their exact landmarks, and the command that swaps them."""
