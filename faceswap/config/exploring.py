"""Settings of the commands that explore a generator: generate, directions, morph, stylegan.metrics, convert_weights."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from faceswap.config.editing import ENCODER, FACE, GENERATOR
from faceswap.provenance.config import SigningConfig, signing
from faceswap.stylegan.inversion.config import LatentSearch
from faceswap.stylegan.morphing.config import MorphFilmSettings
from faceswap.utils.choices import IMAGE_FORMATS, MEASURES, Layout, Noise
from faceswap.utils.limits import SEED
from faceswap.utils.settings.options import DEVICES, option, plugin, workspace

SUBJECT = "a photo, an inverted photo (.latent.safetensors) or a seed of the generator"
SUBJECTS = "a folder or glob of photos, or seeds as 3,5 or 0-9"
PSI = "truncation psi: distance of samples from the average face; 1: as trained, 0: the average"


@dataclass(frozen=True)
class GenerateRequest:
    """Draw faces that nobody has: a picture for each seed and a sheet, or a grid of mixed styles."""

    seeds: str = option(
        "0-15", "seeds of the faces: 7, 3,5 or 0-15; NVIDIA's programs draw the same of a seed", kind="text"
    )
    psi: float = option(0.7, PSI, minimum=0, maximum=2)
    cutoff: int | None = option(
        None, "number of first rows to which psi applies (default: all)", minimum=0, maximum=1000
    )
    noise: Noise = option(
        "const", "fine details: the stored ones, drawn for each seed, or none", choices=get_args(Noise)
    )
    mix: str = option("", "draw a grid: in each face of seeds these rows of styles': coarse, middle, fine, all or 3-6")
    styles: str = option("100-105", "with mix: the seeds whose styles are taken", kind="text")
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    out: str = option(
        "", "the folder of the pictures (default: out/generated in the workspace, or generated_GENERATOR)", kind="path"
    )
    image_format: str = option("png", "file type of the pictures", choices=IMAGE_FORMATS)
    generator: str = option("", GENERATOR, kind="path")
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class ConvertWeightsRequest:
    """Read a generator of StyleGAN2, or a swap of DeepFaceLab, from anybody's file, safely, and write it anew."""

    generator: str = option(
        "", "NVIDIA's .pkl, rosinality's or e4e's .pt, our .safetensors (default: the shipped one)", kind="path"
    )
    saehd: str = option(
        "",
        "instead: DeepFaceLab's SAEHD model (df-ud or liae-ud), its folder or NAME_SAEHD_encoder.npy; it becomes "
        "weights of df or liae",
        kind="path",
    )
    out: str = option("", "the new file: .safetensors for ours, .pt for the others'", kind="path")
    layout: Layout = option("ours", "layout of the new file: ours, NVIDIA's, rosinality's", choices=get_args(Layout))


@dataclass(frozen=True)
class DirectionsRequest:
    """Find directions in a generator's styles that change age, smile, pose, ...; or import them from other programs."""

    out: str = option("", "the file of directions (default: out/directions.safetensors in the workspace)", kind="path")
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    generator: str = option("", GENERATOR, kind="path")
    encoder: str = option("", ENCODER, kind="path")
    attributes: Any = option(
        None,
        "which: one, or several as age,smile; of the built-in network's age, yaw, pitch, roll, gender, smile, "
        "glasses, sunglasses, beard, bald, skin, hair; or of your scorer's and labels' (default: the usual eight)",
        several=str,
    )
    samples: int = option(5000, "faces to draw and score; 0: labels alone", minimum=0, maximum=1000000)
    psi: float = option(1.0, PSI, minimum=0, maximum=2)
    pictures: str = option(
        "",
        "draw samples with the styles of these in place of seeds: a face set's folder, aligned pictures, or seen.npy's",
        kind="path",
    )
    scorer: str = option("", "your own function module:function, pictures (N, R, R, 3) -> scores", kind="text")
    labels: str = option("", "your labels: .csv or .jsonl with a column seed, file or crop, then names", kind="path")
    pairs: str = option(
        "",
        "find them from pairs of pictures before and after a known move: a folder with pairs.csv, a table "
        "before,after,FACTOR,...",
        kind="path",
    )
    refine_steps: int = option(
        200, "with pairs: steps of refinement through the generator; 0: least squares alone", minimum=0, maximum=100000
    )
    fit_share: float = option(
        0.3,
        "share of the samples at each end of the scores to which the direction is fitted",
        minimum=0.01,
        maximum=0.5,
    )
    held_out: float = option(0.2, "share of the samples held out to measure accuracy", minimum=0.05, maximum=0.8)
    preserve: Any = option("all", "attributes that an edit must not change: all others, none, or {smile: [glasses]}")
    corrections: int = option(
        4,
        "rounds of measuring and undoing what edits still change of the other attributes; 0: none",
        minimum=0,
        maximum=100,
    )
    probes: int = option(96, "faces on which edits are measured", minimum=8, maximum=10000)
    pca: int = option(
        0,
        "number of principal components of the styles to add as directions pca1, pca2, ...; 0: none",
        minimum=0,
        maximum=512,
    )
    import_from: str = option(
        "",
        "import directions from this file instead: .npy of Puzer or InterFaceGAN, .npz of GANSpace, .pt of e4e",
        kind="path",
    )
    name: str = option("", "name of an imported direction (default: the file's)", kind="name")
    sheet: bool = option(True, "also draw faces along each direction, beside the file")
    seed: int = option(0, "seed of the first face", minimum=0, maximum=SEED)
    finder: Any = plugin("finder", "how faces are found in labelled pictures")
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class MetricsRequest:
    """Measure a generator: path lengths, linear separability, edit consistency; with confidence intervals."""

    out: str = option("", "the report (default: out/metrics.json in the workspace)", kind="path")
    workspace: str = workspace()
    generator: str = option("", GENERATOR, kind="path")
    encoder: str = option("", ENCODER, kind="path")
    directions: str = option("", "for edit consistency: a file of directions (default: the shipped one)", kind="path")
    measures: Any = option(
        None,
        "one, or several as path_length,separability,consistency,inversion (default: the first two, and the "
        "third where there are an encoder and directions)",
        several=str,
        choices=MEASURES,
    )
    pairs: int = option(1000, "pairs of faces for each kind of path length", minimum=10, maximum=1000000)
    samples: int = option(4000, "faces for linear separability", minimum=200, maximum=1000000)
    faces: int = option(128, "faces for edit consistency", minimum=2, maximum=100000)
    crop: bool = option(False, "measure path lengths on the part around the face only, as the published figures")
    vgg: str = option(
        "", "torchvision's vgg16 weights, for LPIPS (default: features of the face embedder)", kind="path"
    )
    lpips: str = option("", "with vgg=: LPIPS's own weights for it, version 0.1", kind="path")
    inversions: str = option("", "for inversion: the inversions.json of faceswap.invert", kind="path")
    seed: int = option(0, "seed of the first face", minimum=0, maximum=SEED)
    batch_size: int = option(16, "pairs at a time", minimum=1, maximum=65536)
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class _Morphed:
    """What is made of which faces."""

    make: str = option(
        "film",
        "a morph; the child of two; a grid of mixed styles; the average of many; swapped layers",
        choices=("film", "child", "grid", "composite", "cartoon"),
    )
    a: str = option("", f"the first face: {SUBJECT}; for grid and cartoon also several: {SUBJECTS}", kind="path")
    b: str = option("", f"the second face: {SUBJECT}; for grid also several", kind="path")
    faces: str = option("", "for composite: a folder or glob of photos, or a face set of the workspace", kind="path")
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    out: str = option("", "the result (default: out/A_B_film.mp4 in the workspace, a picture .png)", kind="path")
    face: str = option("largest", FACE)
    generator: str = option("", GENERATOR, kind="path")
    encoder: str = option("", ENCODER, kind="path")
    psi: float = option(0.7, PSI, minimum=0, maximum=2)


@dataclass(frozen=True)
class MorphRequest(MorphFilmSettings, LatentSearch, _Morphed):
    """Turn one face into another, cross them, mix their styles, lay many over each other, draw them as a cartoon."""

    fidelity: float = option(0.5, "photos: 0: near the average; 0.5: every layer free", minimum=0, maximum=0.5)
    paste: Literal["none", "change", "whole"] = option(
        "none",
        "film: within the photo of a: add what changes to the picture, or put the whole drawn face in",
        choices=("none", "change", "whole"),
    )
    weight: float = option(0.5, "child: share of b, 0 to 1", minimum=0, maximum=1)
    shares: Any = option(None, "child: b's share by rows, as {coarse: 0, middle: 0.5, fine: 1}, in place of weight")
    range: str = option("coarse", "grid: the rows taken from b: coarse, middle, fine, all or as 3-6")
    to_shape: bool = option(True, "composite: warp all to the mean shape; false: only lay the eyes over each other")
    cartoon: str = option("", "cartoon: the other generator, trained on from this one", kind="path")
    swap_at: int = option(16, "cartoon: the resolution from which on the other one draws", minimum=4, maximum=1024)
    shapes_from: str = option("own", "cartoon: whose shapes, the other one draws the rest", choices=("own", "cartoon"))
    finder: Any = plugin("finder", "how faces are found")
    mask: Any = plugin("mask", "with paste: the pixels to replace")
    device: str = option("auto", DEVICES)
