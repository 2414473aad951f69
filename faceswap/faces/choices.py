"""Names that both the settings and the rooms behind them accept."""

IMAGE_FORMATS = ("jpg", "png", "webp")  # of stored crops
X264_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
)  # fmt: skip
