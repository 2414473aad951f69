"""What a new run begins with: random, generic or other weights."""
