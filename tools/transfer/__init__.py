"""Short trainings from different beginnings, looked at again and again: what a beginning is worth in the swap."""
