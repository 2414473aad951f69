"""Settings of the plugins and parts: one dataclass each, with the `_target_` that `compose.build` calls."""

from dataclasses import dataclass
from typing import Any

from faceswap.config.options import option, section

DEVICES = "auto (a GPU if there is one), cpu, cuda or cuda:N"

# ---- finders


@dataclass
class BuiltinFinderNode:
    """This project's own small networks: fast on a CPU, nothing to download."""

    _target_: str = "faceswap.find.builtin.finder.BuiltinFinder"
    detect_every: int = option(5, "frames from one search to the next; in between faces are followed", minimum=1)
    detect_side_px: int = option(640, "frames are reduced to this longer side to search for faces", minimum=64)
    minimum_score: float = option(0.5, "less certain faces are left out, in (0, 1)", minimum=0)
    looks: int = option(2, "readings of a newly found face, each in a better window", minimum=1)
    recognise: bool = option(True, "tell people apart by their faces where they meet; false: by their places alone")
    embedder_weights: str | None = option(
        None, "recognise with facenet-pytorch's InceptionResnetV1 weights in this file", verbatim=True
    )
    device: str = option("auto", DEVICES)
    batch_size: int = option(10, "frames at a time", minimum=1)


@dataclass
class FaceAlignmentNode:
    """The package face-alignment: accurate, slow on a CPU; needs its weights once."""

    _target_: str = "faceswap.find.face_alignment_finder.FaceAlignmentFinder"
    detector: str = option(
        "sfd",
        "sfd is accurate, the blazefaces are fast, scrfd needs onnxruntime, retinaface needs torchvision. Of the "
        "package's others, dlib must be compiled first and folder only reads boxes from files: use finder=landmarks",
        choices=("sfd", "blazeface", "blazeface_back", "yunet", "scrfd", "retinaface"),
    )
    network: str = option(
        "2d", "points on the visible contour (2d) or on the hidden jaw too (3d)", choices=("2d", "3d")
    )
    device: str = option("auto", DEVICES)
    weights_folder: str | None = option(None, "where its weight files lie (default: torch's cache)", verbatim=True)
    batch_size: int = option(8, "frames at a time", minimum=1)
    detect_side_px: int = option(640, "frames are reduced to this longer side to look for faces", minimum=64)
    minimum_score: float = option(0.5, "less certain faces are left out, in (0, 1)", minimum=0)
    flip: bool = option(False, "average with the mirrored face: steadier, twice the time")
    precision: str = option("auto", "bf16 where the hardware multiplies it", choices=("auto", "fp32", "bf16"))


@dataclass
class LandmarksNode:
    """Landmarks that exist already, from a file or folder."""

    _target_: str = "faceswap.find.landmark_files.LandmarksFinder"
    path: str | None = option(
        None, "alignments.jsonl, .npz, .json, .fsa or DeepFaceLab's aligned folder", verbatim=True
    )


# ---- models, loss, optimiser, augmentation

COVERAGE = "the central share of the stored crop that the model sees"
BETA = "weight of the divergence of a Gaussian code from the unit normal; 0: a plain code"
RESOLUTION = "side of the pictures in px, a multiple of 32; extract with size_px= at least that / coverage"


@dataclass
class OriginalNode:
    """The first deepfake autoencoder: 64 px, 82 million weights, no mask of its own."""

    _target_: str = "faceswap.swap.original.Original"
    coverage: float = option(0.8, COVERAGE, minimum=0.1)
    beta: float = option(0.0, BETA, minimum=0)


@dataclass
class LiteNode:
    """The same shape for a laptop: 96 px with a learned mask."""

    _target_: str = "faceswap.swap.lite.Lite"
    coverage: float = option(0.7, COVERAGE, minimum=0.1)
    beta: float = option(0.0, BETA, minimum=0)


@dataclass
class DfNode:
    """DeepFaceLab's df-ud: keeps most of A's likeness; 128 px, 54 million weights, learned mask."""

    _target_: str = "faceswap.swap.df.Df"
    resolution: int = option(128, RESOLUTION, minimum=64, maximum=512)
    ae_dims: int = option(256, "size of the code, even", minimum=8, maximum=1024)
    e_dims: int = option(64, "channels of the encoder (x 1, 2, 4, 8), even", minimum=4, maximum=256)
    d_dims: int = option(64, "channels of a decoder (x 8, 4, 2), even", minimum=4, maximum=256)
    d_mask_dims: int = option(22, "channels of its mask branch (x 8, 4, 2, 1), even", minimum=4, maximum=256)
    coverage: float = option(0.8, COVERAGE, minimum=0.1)
    beta: float = option(0.0, BETA, minimum=0)


@dataclass
class LiaeNode(DfNode):
    """DeepFaceLab's liae-ud: bends more to B's light and face shape; 128 px, 82 million weights, learned mask."""

    _target_: str = "faceswap.swap.liae.Liae"


@dataclass
class LossNode:
    """What the decoders are trained to make small."""

    _target_: str = "faceswap.swap.losses.ReconstructionLoss"
    l1: float = option(1.0, "weight of the absolute error", minimum=0)
    mse: float = option(0.0, "weight of the squared error", minimum=0)
    dssim: float = option(1.0, "weight of the structural dissimilarity", minimum=0)
    dssim_window_px: int = option(11, "its window, odd", minimum=3)
    mask: float = option(0.25, "weight of the learned mask's error", minimum=0)
    outside: float = option(0.1, "what a pixel outside of the face counts against one inside, in [0, 1]", minimum=0)
    dssim_second_px: int | None = option(None, "a second window, odd: the mean of both (default: one only)", minimum=3)
    eyes: float = option(1.0, "what a pixel of the eyes counts against any other of the face", minimum=0)
    mouth: float = option(1.0, "what a pixel of the mouth counts, likewise", minimum=0)


@dataclass
class LikenessNode:
    """Losses by the network that tells people apart."""

    _target_: str = "faceswap.swap.likeness.Likeness"
    identity: float = option(0.0, "weight of how little the result is the same person", minimum=0)
    perceptual: float = option(0.0, "weight of the distance of the embedder's features", minimum=0)
    style: float = option(0.0, "weight of the difference in texture", minimum=0)


@dataclass
class LimitsNode:
    """Where a face becomes a bad one."""

    _target_: str = "faceswap.find.curation.verdicts.Limits"
    blur: float = option(0.75, "more blurred ones go, 0 = sharp, 1 = nothing to see", minimum=0)
    difference: float = option(3.0, "grey levels within which faces of one pose and expression are the same", minimum=0)
    shape_error: float = option(0.13, "distance of the points from any view of a head, in its widths", minimum=0)
    jump: float = option(
        0.15, "distance from where the neighbours in the track put it, in widths of the face", minimum=0
    )
    score: float = option(0.2, "the finder's score below which a face counts as misaligned", minimum=0)
    likeness: float = option(0.5, "cosine from which on two tracks are one person's", minimum=-1)


@dataclass
class AdamNode:
    """Adam, fused."""

    _target_: str = "faceswap.swap.optimisers.Adam"
    learning_rate: float | None = option(None, "step size (default: the one that suits the model)", minimum=0)
    beta1: float = option(0.5, "decay of the mean", minimum=0)
    beta2: float = option(0.999, "decay of the variance", minimum=0)
    epsilon: float = option(1e-8, "added to the divisor", minimum=0)


@dataclass
class AdamWNode(AdamNode):
    """Adam that also shrinks the weights, fused."""

    _target_: str = "faceswap.swap.optimisers.AdamW"
    weight_decay: float = option(0.01, "share of each weight, times the step size, that goes each step", minimum=0)


@dataclass
class AdaBeliefNode(AdamNode):
    """Bold where gradients are as expected, careful where they are not."""

    _target_: str = "faceswap.swap.optimisers.AdaBelief"
    epsilon: float = option(1e-16, "added to the divisor and, each step, to the variance", minimum=0)


@dataclass
class UpdateNode:
    """How each step changes the weights."""

    _target_: str = "faceswap.swap.update.Update"
    schedule: str = option(
        "constant", "the step size over iterations= or minutes=", choices=("constant", "cosine", "one_cycle")
    )
    clip: float = option(0.0, "longest gradient; 0: as long as it is", minimum=0)
    dropout: float = option(0.0, "share of the weights that each step leaves as they are (0.7 is usual)", minimum=0)
    average: float = option(
        0.0, "share that the weights' average (for previews, conversion) keeps each step; 0.999 is usual", minimum=0
    )
    retries: int = option(3, "times to go back to a checkpoint when the loss is no number any more", minimum=0)


@dataclass
class WarpNode:
    """How far training moves a face."""

    _target_: str = "faceswap.swap.warp.Warp"
    rotation_degrees: float = option(10.0, "turns by up to so much", minimum=0)
    zoom: float = option(0.05, "scales by up to this share", minimum=0)
    shift: float = option(0.05, "moves by up to this share of the view", minimum=0)
    flip: float = option(0.5, "probability of a mirror image", minimum=0)
    jitter: float = option(5 / 256, "of the input's 5x5 control points, in shares of the view", minimum=0)
    jitter_steps: int | None = option(None, "steps after which there is no more jitter (default: never)", minimum=0)


@dataclass
class AugmentNode:
    """Random warps and colour changes."""

    warp: WarpNode = section(WarpNode, "how far training moves a face")
    colour: list[Any] = option([], "albumentations transforms {name, kwargs}; best written in a YAML of your own")
    transfer: str = option(
        "none", "each face of A takes the colours of a random one of B", choices=("none", "reinhard", "mkl")
    )


# ---- masks, colour, blenders


@dataclass
class HullMaskNode:
    """The convex hull of the landmarks."""

    _target_: str = "faceswap.blend.masks.HullMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0)
    feather: float = option(0.12, "fade out over this share of the face's size, inwards", minimum=0)
    forehead: float = option(1.0, "how far the hull rises above the brows, in distances from eyes to brows", minimum=0)


@dataclass
class LearnedMaskNode:
    """The mask that the model has learned (the hull where it has none)."""

    _target_: str = "faceswap.blend.masks.LearnedMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0)
    feather: float = option(0.08, "fade out over this share of the face's size, inwards", minimum=0)
    forehead: float = option(1.0, "of the hull that stands in: how far it rises above the brows", minimum=0)


@dataclass
class ParsedMaskNode:
    """The learned mask (or the hull) without hands, hair, glasses and whatever else hides the face."""

    _target_: str = "faceswap.blend.parsed_mask.ParsedMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0)
    feather: float = option(0.08, "fade out over this share of the face's size, inwards", minimum=0)
    forehead: float = option(1.0, "of the hull: how far it rises above the brows", minimum=0)
    edge: float = option(0.02, "softness of the edge to what hides the face, in shares of its size", minimum=0)
    steady: float = option(0.5, "share of a pixel's past that stays each frame while it changes little", minimum=0)
    device: str = option("auto", DEVICES)


@dataclass
class BoxMaskNode:
    """The upright rectangle around the hull."""

    _target_: str = "faceswap.blend.masks.BoxMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0)
    feather: float = option(0.15, "fade out over this share of the face's size, inwards", minimum=0)
    forehead: float = option(1.0, "how far the box rises above the brows, in distances from eyes to brows", minimum=0)


@dataclass
class NoColourNode:
    """The model's colours as they are."""

    _target_: str = "faceswap.media.colour_transfer.NoColour"


@dataclass
class ReinhardNode:
    """Mean and spread of each Lab channel: steady, the one to begin with."""

    _target_: str = "faceswap.media.colour_transfer.Reinhard"


@dataclass
class MongeKantorovichNode:
    """The linear map between the two colour clouds: closest match, also of tints."""

    _target_: str = "faceswap.media.colour_transfer.MongeKantorovich"


@dataclass
class AlphaBlenderNode:
    """Pastes the face through the mask."""

    _target_: str = "faceswap.blend.blenders.AlphaBlender"


@dataclass
class PoissonBlenderNode:
    """Keeps the face's details and takes the frame's tones at the mask's edge (slower)."""

    _target_: str = "faceswap.blend.blenders.PoissonBlender"
