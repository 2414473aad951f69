"""What a result says of itself: the notice in its metadata, and the signed record (C2PA) that proves it."""
