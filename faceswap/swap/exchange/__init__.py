"""Swaps in the formats of other programs: DeepFaceLive's .dfm, DeepFaceLab's weights."""
