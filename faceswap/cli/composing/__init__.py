"""From the words of a command line to checked settings: flags, arguments, Hydra, pair files, stored settings."""
