"""The command line: arguments, Hydra, help, one-line errors, exit codes, names of results."""
