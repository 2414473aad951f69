"""What the booth's pages share: visitors, their photos, progress, mail, the game, and what is deleted when."""
