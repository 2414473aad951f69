"""Choices that settings and the code behind them share."""

from typing import Literal

Side = Literal["a", "b"]  # of a pair
Start = Literal["encoder", "average"]  # of an inversion
Noise = Literal["const", "random", "none"]  # between a generator's layers
Layout = Literal["ours", "nvidia", "rosinality"]  # of a generator's weights
ExportFormat = Literal["onnx", "dfm"]  # of a trained swap in a file
Way = Literal["move", "change", "whole"]  # of pasting an edit
Pixels = Literal["photos", "generator"]  # of a morph's frames
Precision = Literal["auto", "fp32", "bf16"]
Switch = Literal["auto", "on", "off"]
Compile = Literal["auto", "on", "off", "graphs"]
StopWhen = Literal["length", "plateau"]
Schedule = Literal["constant", "cosine", "one_cycle"]  # of the learning rate
ColourTransfer = Literal["none", "reinhard", "mkl"]

IMAGE_FORMATS = ("jpg", "png", "webp")  # of stored crops
FACE_ORDERS = (  # of curate's sheet
    "person", "frame", "blur", "yaw", "pitch", "brightness", "size", "score", "likeness", "shape",
)  # fmt: skip
REJECTED = ("blur", "duplicates", "misaligned", "damaged", "all")  # by curate
MEASURES = ("path_length", "separability", "consistency", "inversion")  # of stylegan.metrics
FILM_CODECS = (
    "h264", "hevc", "prores_422_hq", "prores_4444", "dnxhr", "ffv1", "h264_nvenc", "h264_qsv", "h264_vaapi",
    "h264_videotoolbox", "hevc_nvenc", "hevc_qsv", "hevc_vaapi", "hevc_videotoolbox",
)  # fmt: skip
LAYERS = ("film", "mask", "patch")  # of a result
CHROMAS = ("auto", "420", "422", "444")
X264_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
)  # fmt: skip
