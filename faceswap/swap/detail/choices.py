"""How sharp a conversion is to be: what `detail=` chooses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.swap.detail.config import NoDetailConfig, ReferenceConfig, RestoreConfig
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import listed

if TYPE_CHECKING:  # torch takes seconds
    from faceswap.swap.detail.references import References
    from faceswap.swap.detail.refiner import Refiner
    from faceswap.swap.initialisation.portraits import Portrait

    Photos = Callable[[], Sequence[Portrait]]

NAME = "detail"  # in pretrained/

log = logging.getLogger(__name__)


class NoDetail(NoDetailConfig):
    """Leaves faces as they are drawn."""

    def refiner(
        self, faces: Path, resolution: int, device: str = "auto", photos: Photos | None = None
    ) -> Refiner | None:
        """Return what makes drawn faces sharp; None: nothing does.

        Args:
            faces: The face set of the person who is drawn, where there is one.
            resolution: Side of what the model draws, px.
            device: auto, cpu, cuda or cuda:N.
            photos: Reads the photographs of the person, where these stand for a face set.
        """
        return None


class Restore(RestoreConfig):
    """Sharpens what is drawn by what faces look like. `strength`: how much of the detail is added, 1: all."""

    def refiner(
        self, faces: Path, resolution: int, device: str = "auto", photos: Photos | None = None
    ) -> Refiner | None:
        """Return as `NoDetail.refiner`; warn in one line where faces cannot be sharpened."""
        from faceswap.engine.accelerator import choose_accelerator
        from faceswap.facenets.loading import load_network
        from faceswap.swap.detail.network import DetailNet
        from faceswap.swap.detail.refiner import SIZE_PX, Refiner

        if resolution >= SIZE_PX:
            log.warning(
                "faces stay as they are drawn: the model draws %d px and the detail network %d", resolution, SIZE_PX
            )
            return None
        if NAME not in listed():
            log.warning("faces stay as they are drawn: no weights are shipped for the detail network")
            return None
        network, _ = load_network(NAME, DetailNet, device)
        references = self._references(faces, device, photos)
        return Refiner(network, choose_accelerator(device), references, self.strength)

    def _references(self, faces: Path, device: str, photos: Photos | None) -> References | None:
        return None


class Reference(ReferenceConfig, Restore):
    """Sharpens what is drawn by the person's own pictures, as far as they agree with it."""

    def _references(self, faces: Path, device: str, photos: Photos | None) -> References | None:
        from faceswap.facenets.embedder import FaceEmbedder
        from faceswap.swap.data.pair_data import open_faces
        from faceswap.swap.detail.references import References

        embedder = FaceEmbedder(device)
        try:
            if photos is not None:
                found = References.of_photos(photos(), faces.name, embedder)
            else:
                found = References.of(open_faces(faces), embedder)
            if found is None:
                raise UserError(f"no picture of {faces.name} is sharp and unhidden enough")
        except UserError as error:
            log.warning("detail=reference goes without references, as detail=restore does: %s", error)
            return None
        log.info("detail is borrowed from %d picture%s of %s", len(found), "s" * (len(found) != 1), faces.name)
        return found
