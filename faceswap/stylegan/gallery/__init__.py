"""Pictures of generators: samples, style mixing, directions."""
