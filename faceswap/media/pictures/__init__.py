"""Picture files and what is done with single pictures: reading, writing, crops, contact sheets, colour transfer."""
