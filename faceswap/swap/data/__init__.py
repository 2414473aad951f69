"""Face sets to warped training batches."""
