"""Makes drawn faces as sharp as pictures of the person whose face is drawn."""
