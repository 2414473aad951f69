"""Masks: which part of a face is replaced, by its outline, by the model, by what is seen, or as painted."""
