"""Settings of the commands that make a swap: extract, curate, train, convert, export, and the demo of them."""

from dataclasses import dataclass
from typing import Any, get_args

from faceswap.compositing.config import ConversionConfig
from faceswap.curation.config import CurationConfig
from faceswap.engine.config import UpdateConfig
from faceswap.extraction.config import ExtractionConfig
from faceswap.provenance.config import SigningConfig, signing
from faceswap.swap.training.config import TrainingConfig
from faceswap.utils.choices import ExportFormat, Side
from faceswap.utils.settings.options import DEVICES, option, plugin, section, which_checkpoint, workspace


@dataclass(frozen=True)
class Consent:
    """Who agreed to the swap; shown at every run."""

    who: str = option("", "who agreed to the swap", kind="text")
    purpose: str = option("", "what they agreed to", kind="text")
    when: str = option("", "when they agreed", kind="text")
    until: str = option("", "the last day on which it counts, as 2027-12-31 (default: no end)", kind="text")


@dataclass(frozen=True)
class Pair:
    """Two face sets and the consent of the people in them."""

    name: str = option("", "the same as run=", kind="name")
    a: str = option("", "the face set whose face is shown: the stem of A's video", kind="name")
    b: str = option("", "the face set whose performance it is: the stem of B's video", kind="name")
    consent: Consent = section(Consent, "who agreed to what, and when")


@dataclass(frozen=True)
class _FilmedFaces:
    """What faces are looked for in, by what, and where they go."""

    video: str = option(
        "",
        "a video, a folder of images, a glob ('shots/*.png') or one image; several videos of one person as a folder, a "
        "glob ('takes/*.mp4') or a list [a.mp4,b.mp4]",
        kind="path",
    )
    name: str = option("", "the face set's name (default: the stem of the video, the folder of several)", kind="name")
    workspace: str = workspace()
    finder: Any = plugin("finder", "how faces are found")


@dataclass(frozen=True)
class ExtractRequest(ExtractionConfig, _FilmedFaces):
    """Find, track, align and store the faces of a video or several, a folder of images, a glob or one image."""

    person: str = option(
        "", "keep one person only: a photo of this person alone, or the folder of a face set of theirs", kind="path"
    )
    person_similarity: float = option(
        0.65, "minimum cosine similarity of a track to that person", minimum=-1, maximum=1
    )
    each: bool = option(
        False, "make of several films a face set each, called as the film; one that fails does not stop the others"
    )
    workers: int = option(
        1, "with each=true: so many films at a time, each in a process of its own", minimum=1, maximum=1024
    )
    engine: str = option(
        "local",
        "with each=true, where the films are worked on: this machine, or a Ray cluster",
        choices=("local", "ray"),
    )


@dataclass(frozen=True)
class PeopleRequest:
    """Tell the people of a film apart; their numbers say in convert who becomes whom (map=, only=)."""

    video: str = option("", "the film, folder of images or glob; or several takes as a folder or list", kind="path")
    faces: str = option(
        "", "its face set (default: the one made from it; without one its faces are found)", kind="name"
    )
    out: str = option("", "the sheet, .html; a .json beside it (default: out/VIDEO.people.html)", kind="path")
    workspace: str = workspace()
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class _CuratedFaces:
    """The face set."""

    faces: str = option("", "the face set", kind="name")
    workspace: str = workspace()


@dataclass(frozen=True)
class CurateRequest(CurationConfig, _CuratedFaces):
    """Sort a face set, show it in a sheet, take out blurred, double and badly aligned faces; nothing is lost."""

    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class _TrainedPair:
    """Whom a training is of, where it lies, and its network."""

    pair: Pair = section(Pair, "a file of pair/, or two face sets A_B", group="pair")
    run: str = option("", "the run's name, for a second one of a pair (default: the pair's)", kind="name")
    workspace: str = workspace()
    model: Any = plugin("model", "the network")


@dataclass(frozen=True)
class TrainRequest(TrainingConfig, _TrainedPair):
    """Train one shared encoder and two decoders on the faces of A and B."""

    init: Any = plugin("init", "what a new run begins with")
    loss: Any = plugin("loss", "reconstruction loss of the decoders")
    likeness: Any = plugin("likeness", "losses by the built-in face embedder")
    discriminator: Any = plugin("discriminator", "an adversarial loss")
    optimizer: Any = plugin("optimizer", "the optimizer of encoder and decoders")
    update: UpdateConfig = section(UpdateConfig, "learning-rate schedule, clipping, moving average of the weights")
    warp: Any = plugin("warp", "random geometric changes of the training faces")
    augment: Any = plugin("augment", "colour changes of the training faces")


@dataclass(frozen=True)
class _SwappedFilm:
    """The film, what swaps its faces, and what pastes them."""

    pair: Pair = section(Pair, "a file of pair/, or a run (default: the one trained last)", group="pair")
    run: str = option("", "a run by its name or folder, instead of pair=", kind="path")
    video: str = option(
        "",
        "a video, folder of images, glob or image to convert (default: B's); several films as a folder, a glob "
        "('shots/*.mp4') or a list [a.mp4,b.mp4]: those that are done already are skipped",
        kind="path",
    )
    faces: str = option("", "face set of the video (default: the one made from it)", kind="name")
    out: str = option(
        "",
        "the result (default: out/VIDEO_as_A in the workspace; of a part: VIDEO_as_A_START-STOP); of several films a "
        "folder",
        kind="path",
    )
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    checkpoint: int | str | None = which_checkpoint()
    onnx: str = option("", "a file that faceswap.export wrote, instead of a run (extra: onnx)", kind="path")
    dfm: str = option("", "a .dfm file of DeepFaceLive or DeepFaceLab, instead of a run (extra: onnx)", kind="path")
    photo: str = option(
        "",
        "swap without training: a photo of A, several as a list, glob or folder, or a face set; instead of a run",
        kind="path",
    )
    photo_face: int | None = option(None, "the face of a photo that shows several, from the left", minimum=0)
    photo_model: str = option("lite", "the model that draws A without training", choices=("lite", "df"))
    map: str = option(
        "",
        "who becomes whom, as '{anna.jpg: hanna_vera, 2: amara_henrik}': a photo of somebody in the film, or their "
        "number from faceswap.people, and the run that draws them; all others stay as filmed",
        kind="text",
    )
    only: str = option(
        "",
        "swap this person of the film alone: a photo of them, or their number from faceswap.people",
        kind="path",
    )
    finder: Any = plugin("finder", "find the faces anew (default: the face set, else builtin)", optional=True)
    mask: Any = plugin("mask", "which pixels are replaced")
    masks: str = option(
        "",
        "painted masks, white where a face is swapped: a folder of pictures called by their frames (000123.png), each "
        "held until the next, or one picture for all; mask= is kept within them",
        kind="path",
    )
    keep: Any = option(
        None,
        "leave these parts of the filmed face as they are: mouth, teeth, eyes, brows; one, or several as eyes,brows",
        several=str,
        choices=("mouth", "teeth", "eyes", "brows"),
    )
    colour: Any = plugin("colour", "how the face takes on the frame's colours")
    blender: Any = plugin("blender", "how the face is pasted")
    detail: Any = plugin("detail", "how the drawn face is made sharp")


@dataclass(frozen=True)
class ConvertRequest(ConversionConfig, _SwappedFilm):
    """Send the faces of B's film through the decoder of A and blend them back, with sound."""

    preview: int = option(
        0,
        "show so many frames of different pose, size and light on a page, out/VIDEO_as_A_preview_N.html, instead of "
        "converting; 0: convert",
        minimum=0,
        maximum=100,
    )
    compare: str = option(
        "",
        "of a preview: settings to lay side by side, in quotes, several values each with commas between: "
        '"mask=learned,parsed colour=mkl,reinhard"',
        kind="text",
    )
    workers: int = option(
        1, "processes that make segments of a film at a time, at most one a core", minimum=1, maximum=256
    )
    engine: str = option(
        "local",
        "where segments are made: by processes of this machine, or on a Ray cluster that sees the same files (extra: "
        "ray)",
        choices=("local", "ray"),
    )
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class ExportRequest:
    """Write one direction of a trained pair as an ONNX file, or as a .dfm for DeepFaceLive and facefusion."""

    pair: Pair = section(Pair, "a file of pair/, or a run (default: the one trained last)", group="pair")
    run: str = option("", "a run's name or folder, a checkpoint's or a weights file, instead of pair=", kind="path")
    workspace: str = workspace()
    side: Side = option("a", "whose face is drawn", choices=get_args(Side))
    format: ExportFormat = option(
        "onnx",
        "onnx: for convert onnx= and programs of your own; dfm: for DeepFaceLive, facefusion and convert dfm=",
        choices=get_args(ExportFormat),
    )
    checkpoint: int | str | None = which_checkpoint()
    out: str = option("", "the file (default: B_as_A.FORMAT in the run's folder)", kind="path")


@dataclass(frozen=True)
class VerifyRequest:
    """Tell who made a picture or film with AI, with what, when and with whose consent, and whether it was changed."""

    file: str = option("", "the picture or film; file= may be left out", kind="path")


@dataclass(frozen=True)
class DemoRequest:
    """Extract, train and convert two clips of rendered actors; about eight minutes on two cores."""

    workspace: str = workspace("demo_workspace")
    minutes: float = option(6.0, "training time", minimum=0, maximum=1000000)
    batch_size: int = option(4, "faces of each side a training step", minimum=1, maximum=65536)
    device: str = option("auto", DEVICES)
