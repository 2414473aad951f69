"""Pictures of what a generator knows: samples, style mixing, directions."""
