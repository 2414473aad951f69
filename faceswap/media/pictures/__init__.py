"""Picture files and operations on single pictures: reading, writing, crops, contact sheets, colour transfer."""
