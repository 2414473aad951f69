"""How the shipped weights and demo clips were made, and the benchmarks; not part of the installed package."""
