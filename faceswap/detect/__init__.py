"""Face detectors behind one protocol: built in, the package face-alignment, and landmarks that exist already."""
