"""Choices that settings and the code behind them share."""

IMAGE_FORMATS = ("jpg", "png", "webp")  # of stored crops
FACE_ORDERS = (  # of curate's sheet
    "person", "frame", "blur", "yaw", "pitch", "brightness", "size", "score", "likeness", "shape",
)  # fmt: skip
REJECTED = ("blur", "duplicates", "misaligned", "damaged", "all")  # by curate
MEASURES = ("path_length", "separability", "consistency", "inversion")  # of stylegan.metrics
X264_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
)  # fmt: skip
