"""Settings of the plugins and parts: one dataclass each, with the `_target_` that `compose.build` calls."""

from dataclasses import dataclass

from faceswap.config.options import option

DEVICES = "auto (a GPU if there is one), cpu, cuda or cuda:N"

# ---- finders


@dataclass
class BuiltinFinderNode:
    """This project's own small networks: fast on a CPU, nothing to download."""

    _target_: str = "faceswap.detect.builtin.detector.BuiltinFinder"
    detect_every: int = option(5, "frames from one search to the next; in between faces are followed", minimum=1)
    detect_side_px: int = option(
        640, "frames are reduced to this longer side to search for faces", minimum=64, maximum=8192
    )
    minimum_score: float = option(0.4, "less certain faces are left out, in (0, 1)", minimum=0, maximum=1)
    refinements: int = option(
        2, "landmark passes over a newly found face, each in a better window", minimum=1, maximum=20
    )
    recognise: bool = option(True, "tell people apart by their faces where they meet; false: by their places alone")
    embedder_weights: str | None = option(
        None, "recognise with facenet-pytorch's InceptionResnetV1 weights in this file", kind="path"
    )
    device: str = option("auto", DEVICES)
    batch_size: int = option(10, "frames at a time", minimum=1, maximum=65536)


@dataclass
class FaceAlignmentNode:
    """The package face-alignment: accurate, slow on a CPU; needs its weights once."""

    _target_: str = "faceswap.detect.face_alignment.FaceAlignmentFinder"
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
    weights_folder: str | None = option(None, "where its weight files lie (default: torch's cache)", kind="path")
    batch_size: int = option(8, "frames at a time", minimum=1, maximum=65536)
    detect_side_px: int = option(
        640, "frames are reduced to this longer side to look for faces", minimum=64, maximum=8192
    )
    minimum_score: float = option(0.5, "less certain faces are left out, in (0, 1)", minimum=0, maximum=1)
    flip: bool = option(False, "average with the mirrored face: steadier, twice the time")
    precision: str = option("auto", "bf16 where the hardware multiplies it", choices=("auto", "fp32", "bf16"))


@dataclass
class LandmarksNode:
    """Landmarks that exist already, from a file or folder."""

    _target_: str = "faceswap.detect.landmark_files.LandmarksFinder"
    path: str | None = option(None, "alignments.jsonl, .npz, .json, .fsa or DeepFaceLab's aligned folder", kind="path")
    first: int | None = option(
        None, "number of a film's first frame in another program's file, 0 or 1 (default: what the pictures show)",
        minimum=0, maximum=1,
    )  # fmt: skip


# ---- models

COVERAGE = "the central share of the stored crop that the model sees"
BETA = "weight of the divergence of a Gaussian code from the unit normal; 0: a plain code"
RESOLUTION = "side of the pictures in px, a multiple of 32; extract with size_px= at least that / coverage"


@dataclass
class OriginalNode:
    """The first deepfake autoencoder: 64 px, 82 million weights, no mask of its own."""

    _target_: str = "faceswap.swap.models.original.Original"
    coverage: float = option(0.8, COVERAGE, minimum=0.1, maximum=1)
    beta: float = option(0.0, BETA, minimum=0, maximum=1000000)


@dataclass
class LiteNode:
    """The same shape for a laptop: looks at 96 px, draws them or twice as many, with a learned mask."""

    _target_: str = "faceswap.swap.models.lite.Lite"
    coverage: float = option(0.7, COVERAGE, minimum=0.1, maximum=1)
    beta: float = option(0.0, BETA, minimum=0, maximum=1000000)
    output_scale: int = option(1, "px drawn for each px looked at: 1 draws 96, 2 draws 192", minimum=1, maximum=2)


@dataclass
class DfNode:
    """DeepFaceLab's df-ud: keeps most of A's likeness; 128 px, 54 million weights, learned mask."""

    _target_: str = "faceswap.swap.models.df.Df"
    resolution: int = option(128, RESOLUTION, minimum=64, maximum=512, step=32, step_help="a multiple of 32")
    ae_dims: int = option(256, "size of the code, even", minimum=8, maximum=1024, step=2, step_help="an even number")
    e_dims: int = option(
        64, "channels of the encoder (x 1, 2, 4, 8), even", minimum=4, maximum=256, step=2, step_help="an even number"
    )
    d_dims: int = option(
        64, "channels of a decoder (x 8, 4, 2), even", minimum=4, maximum=256, step=2, step_help="an even number"
    )
    d_mask_dims: int = option(
        22,
        "channels of its mask branch (x 8, 4, 2, 1), even",
        minimum=4,
        maximum=256,
        step=2,
        step_help="an even number",
    )
    coverage: float = option(0.8, COVERAGE, minimum=0.1, maximum=1)
    beta: float = option(0.0, BETA, minimum=0, maximum=1000000)
    output_scale: int = option(1, "px drawn for each px looked at: 2 looks at half of resolution", minimum=1, maximum=2)


@dataclass
class LiaeNode(DfNode):
    """DeepFaceLab's liae-ud: bends more to B's light and face shape; 128 px, 82 million weights, learned mask."""

    _target_: str = "faceswap.swap.models.liae.Liae"


@dataclass
class LimitsNode:
    """Thresholds beyond which a face is rejected."""

    _target_: str = "faceswap.curation.flags.Limits"
    blur: float = option(0.75, "faces more blurred than this are rejected; 0 = sharp, 1 = nothing visible", minimum=0)
    difference: float = option(3.0, "grey levels within which faces of one pose and expression are the same", minimum=0)
    shape_error: float = option(0.13, "distance of the points from any view of a head, in its widths", minimum=0)
    jump: float = option(
        0.15, "distance from where the neighbours in the track put it, in widths of the face", minimum=0
    )
    score: float = option(0.2, "the finder's score below which a face counts as misaligned", minimum=0)
    likeness: float = option(0.7, "cosine from which on two tracks are one person's", minimum=-1, maximum=1)


# ---- masks, colour, blenders


@dataclass
class HullMaskNode:
    """The convex hull of the landmarks."""

    _target_: str = "faceswap.compositing.masks.HullMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0, maximum=1)
    feather: float = option(0.12, "fade out over this share of the face's size, inwards", minimum=0, maximum=1)
    forehead: float = option(
        1.0, "how far the hull rises above the brows, in distances from eyes to brows", minimum=0, maximum=10
    )


@dataclass
class LearnedMaskNode:
    """The mask that the model has learned (the hull where it has none)."""

    _target_: str = "faceswap.compositing.masks.LearnedMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0, maximum=1)
    feather: float = option(0.08, "fade out over this share of the face's size, inwards", minimum=0, maximum=1)
    forehead: float = option(1.0, "of the hull that stands in: how far it rises above the brows", minimum=0, maximum=10)


@dataclass
class ParsedMaskNode:
    """The learned mask (or the hull) without hands, hair, glasses and whatever else hides the face."""

    _target_: str = "faceswap.compositing.parsed_mask.ParsedMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0, maximum=1)
    feather: float = option(0.08, "fade out over this share of the face's size, inwards", minimum=0, maximum=1)
    forehead: float = option(1.0, "of the hull: how far it rises above the brows", minimum=0, maximum=10)
    edge: float = option(
        0.02, "softness of the edge to what hides the face, in shares of its size", minimum=0, maximum=1
    )
    steady: float = option(
        0.5, "share of a pixel's past that stays each frame while it changes little", minimum=0, maximum=0.999
    )
    device: str = option("auto", DEVICES)


@dataclass
class HeadMaskNode(ParsedMaskNode):
    """The whole head with hair, ears and neck, without what hides it: for edits."""

    _target_: str = "faceswap.compositing.parsed_mask.HeadMask"
    feather: float = option(0.1, "fade out over this share of the view, towards its border", minimum=0, maximum=1)


@dataclass
class BoxMaskNode:
    """The upright rectangle around the hull."""

    _target_: str = "faceswap.compositing.masks.BoxMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's size", minimum=0, maximum=1)
    feather: float = option(0.15, "fade out over this share of the face's size, inwards", minimum=0, maximum=1)
    forehead: float = option(
        1.0, "how far the box rises above the brows, in distances from eyes to brows", minimum=0, maximum=10
    )


@dataclass
class NoColourNode:
    """The model's colours as they are."""

    _target_: str = "faceswap.media.pictures.colour_transfer.NoColour"


@dataclass
class ReinhardNode:
    """Mean and spread of each Lab channel: steady, the one to begin with."""

    _target_: str = "faceswap.media.pictures.colour_transfer.Reinhard"


@dataclass
class MongeKantorovichNode:
    """The linear map between the two colour clouds: closest match, also of tints."""

    _target_: str = "faceswap.media.pictures.colour_transfer.MongeKantorovich"


@dataclass
class AlphaBlenderNode:
    """Pastes the face through the mask."""

    _target_: str = "faceswap.compositing.blenders.AlphaBlender"


@dataclass
class PoissonBlenderNode:
    """Keeps the face's details and takes the frame's tones at the mask's edge (slower)."""

    _target_: str = "faceswap.compositing.blenders.PoissonBlender"


# ---- detail

STRENGTH = "how much of the detail is added; 1: all of it, 0.5: half"


@dataclass
class NoDetailNode:
    """The face as the model has drawn it."""

    _target_: str = "faceswap.swap.detail.choices.NoDetail"


@dataclass
class RestoreDetailNode:
    """Sharpened by what faces look like: for photos, and models without a face set."""

    _target_: str = "faceswap.swap.detail.choices.Restore"
    strength: float = option(1.0, STRENGTH, minimum=0.01, maximum=2)


@dataclass
class ReferenceDetailNode:
    """Sharpened by detail of the person's own pictures in the face set."""

    _target_: str = "faceswap.swap.detail.choices.Reference"
    strength: float = option(1.0, STRENGTH, minimum=0.01, maximum=2)
