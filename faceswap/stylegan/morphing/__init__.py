"""One face turning into another; children, composites and cartoons."""
