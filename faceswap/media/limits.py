"""How large what is read and written here may be; checked before memory is taken."""

from __future__ import annotations

PICTURE_PIXELS = 150_000_000  # the largest cameras take 100 to 200 million
FRAME_PIXELS = 100_000_000  # 8K is 33 million
LONGEST_WAIT_SECONDS = 60.0  # before a film's first picture; what begins later counts from somewhere else
LONGEST_STILL_SECONDS = 3600.0  # between two pictures of a film; a longer jump is a damaged time
COMPARISON_STILL_SECONDS = 10.0  # how long a side-by-side film repeats one pair of pictures
