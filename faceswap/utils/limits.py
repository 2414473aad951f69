"""Limits of sizes and counts: one table, and the checks before anything is allocated.

Honest files and settings stay far below these; what lies beyond is damaged, hostile or a slip of the keyboard. A room
that reads, decodes or makes something takes its bound from here, so that nothing is without one.
"""

from __future__ import annotations

import math
import sys

from faceswap.utils.errors import UserError

if sys.platform != "win32":
    import resource

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

# Bytes of what is stored, by kind. Parsed JSON takes up to 25 times its text, so its bound is the tightest.
JSON_BYTES = 16 * MIB  # reports, states, manifests
JSON_LINE_BYTES = 1 * MIB  # one line of JSON lines; ours have 5 kB
JSON_LINES_BYTES = 4 * GIB  # a whole file of them, read line by line
JOURNAL_LINE_BYTES = 64 * MIB  # all faces of one frame with the state of what follows them
REPORT_BYTES = 1 * MIB  # what is looked up in many runs at a time
YAML_BYTES = 256 * KIB  # a run's config.yaml has some 5 kB
CERTIFICATE_BYTES = 256 * KIB  # a certificate and those above it have some 5 kB
MANIFEST_BYTES = 64 * MIB  # of a signed record beside its film; ours have 4 kB and what the film's source had
MANIFEST_JSON_CHARACTERS = 16 * MIB  # of a signed record that is read; ours have some 10,000
TABLE_BYTES = 64 * MIB  # labels, marks and measures, all at once in memory
TABLE_ROWS = 1_000_000  # of labels and marks
TABLE_VALUES = 5_000_000  # in all rows of a table together
HEADER_BYTES = 8 * MIB  # of a weights file
EXR_HEADER_BYTES = 1 * MIB
WEIGHTS_BYTES = 4 * GIB  # training states of 1024 px take 1.4 GB
PRETRAINED_BYTES = 64 * MIB  # of one file; all of ours together stay below 24 MB
FOREIGN_NETWORK_BYTES = 1 * GIB  # torchvision's vgg16 takes 528 MB
ONNX_BYTES = 2 * GIB - 1  # protobuf, in which ONNX files are written, holds no more
DIRECTIONS_BYTES = 64 * MIB  # a hundred directions of 18 rows of 512 numbers are 4 MB
LATENT_BYTES = 256 * MIB  # a generator's changes may lie with it
ARRAY_BYTES = 1 * GIB  # an array read as a whole (a million faces); those mapped from the disk may be larger
UPLOAD_BYTES = 64 * GIB  # a film that is sent to the studio
VISITOR_PHOTO_BYTES = 25 * MIB  # a photo that anybody sends to the booth
GALLERY_BYTES = 1 * GIB  # people to whom a face is compared; 100,000 photos without pictures take 30 MB
EVENT_BYTES = 64 * MIB  # one record of TensorBoard; a preview has some MB
FACE_MEASURES_BYTES = 8 * KIB  # a face's measures take 1.5 kB, and its name
LEAST_PROCESS_BYTES = 3 * GIB // 2  # of addresses (ulimit -v): the libraries take 1.2 to 1.4; in less they hang or exit
SPARE_BYTES = 1 * MIB  # what a reader may take besides what the size of a file, or its count of faces, explains

# Numbers in them.
JSON_DEPTH = 100
JSON_LISTS = 5_000_000  # in one text, a table counted as three lists: `[],` takes 72 bytes for its three
YAML_DEPTH = 40
YAML_VALUES = 5_000  # values, keys, lists and mappings together
INTERPOLATIONS = 20  # `${other.setting}` in one text; nested thousands of times they take a minute
NUMBER_DIGITS = 40
NAME_CHARACTERS = 255
TEXT_CHARACTERS = 2_000  # of a consent's line
PATH_CHARACTERS = 4_096
SETTING_CHARACTERS = 16_384  # of a setting that holds a small table: who becomes whom, numbers by frame
NOTICES = 1_000  # in the metadata of a file, that are looked at
ONNX_JSON_CHARACTERS = 100_000  # ours have some 3,000
TENSORS = 20_000
DIMENSIONS = 8
ARCHIVE_MEMBERS = 1_000
TORCH_RECORDS = 100_000  # tensors in a torch file
PICKLE_STEPS = 500_000  # of a torch file; the largest honest ones take about 100,000
PLAIN_STEPS = 20_000_000  # of a pickle; a run of numbers counts once, and an empty list takes 64 bytes
MEASURED_MAGNITUDE = 1e9  # times, scores, angles; float32 holds what comes of them
WEIGHT_MAGNITUDE = 1e6  # trained ones stay below a hundred; what is drawn with larger ones is no number
OPTIMIZER_STEPS = 1 << 24  # beyond it a float32 counts no further
ACTIVATION_CLAMP = 1e9  # where a generator clamps what its layers make

# Networks.
GENERATED_SIDE_PX = 1_024
LAYER_CHANNELS = 2_048
LAYER_WIDTH = 4_096  # of a fully connected layer
MAPPING_LAYERS = 16
MODULE_DEPTH = 8  # modules within each other; a generator has four
ONNX_NODES = 1_000
ONNX_NUMBERS = 1 << 30  # of all layers for one face; the largest model has a tenth

# Pictures and films.
PICTURE_PIXELS = 150_000_000
PICTURE_BYTES = 1 * GIB  # decoded: channels and bits a channel count too
VISITOR_PHOTO_PIXELS = 60_000_000  # of a photo that anybody sends to the booth
FRAME_PIXELS = 100_000_000
FRAME_SIDE_PX = 1_000_000
FRAME_SHIFT_PX = 1e12  # of a crop's place in its frame
FRAME_NUMBER = 10**8 - 1  # the highest; eleven days at 100 frames a second
FACES_A_FRAME = 200
ENCODER_THREADS = 16  # more cost quality and save no time
FILMS_A_SET = 1_000  # films of one face set
REPAIRED_FACES = 5_000  # of one repair of a face set by hand
REPAIRS_A_SET = 999_999
REPEATED_FRAMES = 100_000  # that stand still because a film's next time lies far ahead: an hour at 25 a second
WAIT_SECONDS = 60.0  # before a film's first picture; what begins later counts from somewhere else
STILL_SECONDS = 3600.0  # between two pictures of a film; a longer jump is a damaged time
COMPARISON_STILL_SECONDS = 10.0  # how long a side-by-side film repeats one pair of pictures
SIDECAR_FILM_BYTES = 2 * GIB  # of a film whose signed record lies beside it: it is in memory while it is signed
FILM_SECONDS = 24 * 3600.0  # of a film that is made, or of a part of one
GRID_TILES = 400  # pictures on a sheet
KEPT_PICTURES_BYTES = 4 * GIB  # of pictures that must be in memory together

# Settings.
COUNT = 10**9  # of anything counted by a setting
SEED = 2**32 - 1  # numpy's RandomState knows no larger one
SEEDS_A_LIST = 1_000  # in a list
SWEEP_COMBINATIONS = 200  # of --multirun
PAINTED_MASKS = 1_000_000  # pictures of convert's masks=
PREVIEW_COMBINATIONS = 64  # on a page of convert's compare=
GALLERY_PHOTOS = 1_000_000  # of a gallery that faces are compared to
PHOTOS_OF_A_PERSON = 100  # that a model is told by whom to draw
CROP_SIDE_PX = 2_048
EVERY_FRAMES = 100_000
SMOOTHING_FRAMES = 15  # on each side; so many frames are held in memory
DETECT_SIDE_PX = 8_192
BATCH_FRAMES = 10_000
DETECTION_REFINEMENTS = 20  # from the third on hardly anything changes
EDIT_SIGMAS = 100.0
DIRECTIONS_A_FILE = 512  # of directions in one file


def check_number(name: str, value: float, least: float, most: float, unit: str = "") -> None:
    """Raise UserError unless `value` is a finite number from `least` to `most`.

    Args:
        name: What the user calls it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:  # nor is NaN
        told = str(value) if not isinstance(value, int) or abs(value) < 10**NUMBER_DIGITS else "a number too long"
        raise UserError(f"{name}={told[:60]}: accepted are {_plain(least)} to {_plain(most)}{unit and ' ' + unit}")


def check_size(what: str, count: int, most: int, unit: str = "bytes") -> None:
    """Raise UserError when `what` would take more than `most` of its unit; call it before the memory is taken."""
    if count > most:
        raise UserError(f"{what} would take {_plain(count)} {unit}, more than the {_plain(most)} that are accepted")


def check_memory_limit() -> None:
    """Raise UserError where the process may take less memory than its libraries alone: OpenBLAS would end it."""
    if sys.platform != "win32":  # which has no such limits
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY and limit < LEAST_PROCESS_BYTES:
            raise UserError(
                f"this process may take {limit >> 20} MB of memory (ulimit -v); without a film or model the program "
                f"alone takes {LEAST_PROCESS_BYTES >> 20} MB"
            )


def _plain(number: float) -> str:
    """Return a number as people write it: 1,000,000 and 0.5."""
    if math.isinf(number):
        return "any number"
    return f"{int(number):,}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:g}"
