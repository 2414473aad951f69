"""A trained pair at work: in torch, and exported to ONNX."""
