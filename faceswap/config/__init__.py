"""Settings: the schema of every command, how it is composed with Hydra, its help and its one-line errors."""
