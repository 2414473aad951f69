"""Who of a film is drawn by which model: one for all faces, or a role for each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from faceswap.compositing.collapse import CollapseDetector
from faceswap.compositing.finishing.turning import Fading
from faceswap.compositing.results import FaceSwapper, model_name
from faceswap.utils.choices import Side

if TYPE_CHECKING:
    from faceswap.swap.detail.refiner import Refiner


@dataclass(frozen=True, eq=False)
class Role:
    """What draws a new face: the model, whose face it shows of its two, and what makes that sharp."""

    swapper: FaceSwapper
    to: Side = "a"
    refiner: Refiner | None = None


@dataclass(frozen=True, eq=False)
class Cast:
    """The roles of a film. `role_of` says by track which it plays; None: every face plays the first.

    Faces of other tracks stay as they were filmed.
    """

    roles: Sequence[Role]
    role_of: Mapping[int, int] | None = None

    @property
    def description(self) -> dict[str, Any]:
        """What metadata tell of the models; of several all names and checksums."""
        if len(self.roles) == 1:
            return dict(self.roles[0].swapper.description)
        swappers = [role.swapper for role in self.roles]
        checksums = [str(swapper.description.get("sha256") or "") for swapper in swappers]
        return {
            "model": " and ".join(dict.fromkeys(map(model_name, swappers))),
            "sha256": ", ".join(dict.fromkeys(filter(None, checksums))),
        }

    def role(self, track: int) -> int | None:
        """Return which role a track plays; None: it is nobody who is to be swapped."""
        return 0 if self.role_of is None else self.role_of.get(track)

    def fadings(self, begin: float | Literal["auto", "off"]) -> list[Fading]:
        """Return where each role fades out, see `Fading.asked_for`."""
        return [Fading.asked_for(begin, role.swapper.description, role.to) for role in self.roles]

    def watches(self) -> list[CollapseDetector]:
        """Return what looks at the answers of each role."""
        return [CollapseDetector(model_name(role.swapper)) for role in self.roles]
