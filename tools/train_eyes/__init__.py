"""How the built-in eyes are trained: on rendered people, one task for each network."""
