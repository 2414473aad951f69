"""What the folder of a run holds: checkpoints, logs, records, and the guard of its settings."""
