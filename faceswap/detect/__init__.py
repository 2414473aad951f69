"""Face detectors behind one protocol: built in, the package face-alignment, and existing landmark files."""
