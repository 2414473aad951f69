"""A setting that changes along a film: numbers at some frames, straight lines between them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from faceswap.utils.errors import UserError
from faceswap.utils.limits import FRAME_NUMBER, SETTING_CHARACTERS

_ONE = re.compile(r"\s*(\d{1,9})\s*:\s*(\d{0,9}\.?\d{1,20})\s*")
_NUMBER = re.compile(r"\s*(\d{0,9}\.?\d{1,20})\s*")


@dataclass(frozen=True)
class Keyframes:
    """`frames`, ascending, and the `values` there; before the first and after the last the value is held."""

    frames: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def read(
        cls, name: str, said: str | float | Mapping[int, float], most: float = 1.0, least: float = 0.0
    ) -> Keyframes:
        """Return what a setting says: one number for the whole film, or numbers by frame.

        Args:
            name: Of the setting, for messages.
            said: 0.5, "0.5", "{0: 1, 120: 0.5}" or the mapping.
            most: The largest value.
            least: The smallest one, 0 or more.

        Raises:
            UserError: It says neither, a frame twice, or a value out of range.
        """
        shown = f"{(least + most) / 2:g}"
        how = f"say {name}={shown}, or by frames {name}='{{0: {most:g}, 120: {shown}}}'"
        pairs = _pairs(said)
        if not pairs:
            raise UserError(f"{name}={str(said)[:60]}: {how}")
        frames = [frame for frame, _ in pairs]
        if len(set(frames)) < len(frames):
            raise UserError(f"{name}={str(said)[:60]}: a frame stands there twice; {how}")
        if wrong := [value for _, value in pairs if not least <= value <= most]:
            raise UserError(f"{name}={wrong[0]:g}: a number from {least:g} to {most:g} is wanted; {how}")
        if any(not 0 <= frame <= FRAME_NUMBER for frame in frames):
            raise UserError(f"{name}={str(said)[:60]}: no film has such a frame; {how}")
        pairs.sort()
        return cls(tuple(frame for frame, _ in pairs), tuple(value for _, value in pairs))

    @property
    def is_constant(self) -> bool:
        """Return whether it is one number for the whole film."""
        return len(self.frames) == 1

    def at(self, frame: int) -> float:
        """Return the value at a frame."""
        place = bisect_right(self.frames, frame)
        if place in (0, len(self.frames)):
            return self.values[min(place, len(self.frames) - 1)]
        (before, after), (low, high) = self.frames[place - 1 : place + 1], self.values[place - 1 : place + 1]
        return low + (high - low) * (frame - before) / (after - before)

    def check_within(self, name: str, frame_count: int | None) -> None:
        """Raise UserError when a keyframe lies behind the end of a film of `frame_count` frames (None: unknown)."""
        if frame_count is not None and self.frames[-1] >= frame_count:
            raise UserError(
                f"{name}: frame {self.frames[-1]} is past the end: the last of {frame_count} is {frame_count - 1}"
            )

    @property
    def said(self) -> float | str:
        """Return the number, or the text that says the same: {0: 1, 120: 0.5}."""
        if self.frames == (0,):
            return self.values[0]
        return f"{{{', '.join(f'{frame}: {value:g}' for frame, value in zip(self.frames, self.values, strict=True))}}}"

    def __str__(self) -> str:
        """Return what names of results say of it."""
        if self.is_constant:
            return f"{self.values[0]:g}"
        return "_".join(f"{frame}-{value:g}" for frame, value in zip(self.frames, self.values, strict=True))


def is_by_frames(said: object) -> bool:
    """Return whether a setting is written as numbers by frame."""
    return isinstance(said, str) and said.lstrip().startswith("{") and bool(_pairs(said))


def _pairs(said: str | float | Mapping[int, float]) -> list[tuple[int, float]]:
    """Return frames and values, none where the text cannot be read."""
    if not isinstance(said, str):
        try:
            pairs = said.items() if isinstance(said, Mapping) else [(0, said)]
            return [(int(frame), float(value)) for frame, value in pairs]
        except (TypeError, ValueError, OverflowError):
            return []
    if len(said) > SETTING_CHARACTERS:
        return []
    if _NUMBER.fullmatch(said):
        return [(0, float(said))]
    text = said.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return []
    found = [_ONE.fullmatch(part) for part in text[1:-1].split(",")]
    return [(int(one[1]), float(one[2])) for one in found if one] if all(found) else []
