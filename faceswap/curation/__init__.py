"""Which faces of a set are blurred, double, badly aligned or of somebody else, and taking those out."""
