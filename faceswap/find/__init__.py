"""Finding faces in frames: finders behind one protocol, tracks over time, quality, and the extract pipeline."""
