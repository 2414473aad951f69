"""How large anything may be: one table, and the check before anything is allocated.

Honest files and settings stay far below these; what lies beyond is damaged, hostile or a slip of the keyboard. A room
that reads, decodes or makes something takes its bound from here, so that nothing is without one.
"""

from __future__ import annotations

import math

from faceswap.utils.errors import UserError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

# Bytes of what is stored, by kind. Parsed JSON takes up to 25 times its text, so its bound is the tightest.
JSON_BYTES = 16 * MIB  # reports, states, manifests
JSON_LINE_BYTES = 1 * MIB  # one line of JSON lines; ours have 5 kB
JSON_LINES_BYTES = 4 * GIB  # a whole file of them, read line by line
YAML_BYTES = 256 * KIB  # a run's config.yaml has some 5 kB
TABLE_BYTES = 64 * MIB  # labels and measures, all at once in memory
HEADER_BYTES = 8 * MIB  # of a weights file
WEIGHTS_BYTES = 4 * GIB  # training states of 1024 px take 1.4 GB
ARRAY_BYTES = 1 * GIB  # an array read as a whole; those mapped from the disk may be larger

# Numbers in them.
JSON_DEPTH = 100
NUMBER_DIGITS = 40
TENSORS = 20_000
DIMENSIONS = 8
ARCHIVE_MEMBERS = 1_000

# Pictures and films.
PICTURE_PIXELS = 150_000_000
PICTURE_BYTES = 1 * GIB  # decoded: channels and bits a channel count too
FRAME_PIXELS = 100_000_000
FRAME_NUMBER = 10**8 - 1  # the highest; eleven days at 100 frames a second
FACES_A_FRAME = 200
REPEATED_FRAMES = 100_000  # that stand still because a film's next time lies far ahead: an hour at 25 a second
WAIT_SECONDS = 60.0  # before a film's first picture; what begins later counts from somewhere else
STILL_SECONDS = 3600.0  # between two pictures of a film; a longer jump is a damaged time
COMPARISON_STILL_SECONDS = 10.0  # how long a side-by-side film repeats one pair of pictures
FILM_SECONDS = 24 * 3600.0  # of a film that is made, or of a part of one
GRID_TILES = 400  # pictures on a sheet
KEPT_PICTURES_BYTES = 4 * GIB  # of pictures that must be in memory together

# Settings.
COUNT = 10**9  # of anything counted by a setting
SEED = 2**32 - 1


def check_number(name: str, value: float, least: float, most: float, unit: str = "") -> None:
    """Raise UserError unless `value` is a finite number from `least` to `most`; `name`: what the user calls it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:  # nor is NaN
        told = str(value) if not isinstance(value, int) or abs(value) < 10**NUMBER_DIGITS else "a number too long"
        raise UserError(f"{name}={told[:60]}: accepted are {_plain(least)} to {_plain(most)}{unit and ' ' + unit}")


def check_size(what: str, count: int, most: int, unit: str = "bytes") -> None:
    """Raise UserError when `what` would take more than `most` of its unit; call it before the memory is taken."""
    if count > most:
        raise UserError(f"{what} would take {_plain(count)} {unit}, more than the {_plain(most)} that are accepted")


def _plain(number: float) -> str:
    """A number as people write it: 1,000,000 and 0.5."""
    if math.isinf(number):
        return "any number"
    return f"{int(number):,}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:g}"
