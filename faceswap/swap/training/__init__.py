"""The training of a pair: loop, checkpoints, validation, previews, initialisation."""
