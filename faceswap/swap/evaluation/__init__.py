"""How well a swap does while it is trained: validation, previews, warnings."""
