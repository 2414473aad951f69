"""What swaps the faces of a film: a trained run, an exported file, or the model told by photographs whom to draw."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from faceswap.commands.pairs import chosen_run
from faceswap.config.targets import import_trusted
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.media.takes import name_of_takes, probe_takes
from faceswap.provenance.consent import CONSENT
from faceswap.swap.exchange.dfm_swapper import DfmSwapper
from faceswap.swap.inference.onnx_model import OnnxSwapper
from faceswap.swap.initialisation.portraits import read_portraits
from faceswap.swap.runs.run_record import checkpoint_folder, recorded_model, recorded_pair
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.compositing.results import FaceSwapper
    from faceswap.config.swapping import ConvertRequest
    from faceswap.media.sources import SourceInfo
    from faceswap.swap.initialisation.portraits import Portrait
    from faceswap.utils.files.workspace import Workspace


class Model(NamedTuple):
    """What swaps, loaded for a film when it comes to that, the names of A and B and the consent on record.

    `source` is the run's folder or the file, `variant` what the pair's names do not tell of it. `photos` reads the
    photographs that A is known by, where no face set is.
    """

    load: Callable[[SourceInfo], FaceSwapper]
    a: str
    b: str
    consent: dict[str, str]
    source: Path
    variant: str = ""
    photos: Callable[[], Sequence[Portrait]] | None = None


def chosen_model(request: ConvertRequest, workspace: Workspace) -> Model:
    """Return what the settings name: photographs, an exported file or a run. Raises UserError when it is not there."""
    if request.photo:
        return untrained_model(request, workspace)
    if request.dfm:
        return dfm_model(request)
    return exported_model(request) if request.onnx else trained_model(request, workspace)


def trained_model(request: ConvertRequest, workspace: Workspace) -> Model:
    """The run that was asked for, or trained last. Raises UserError when it is not there."""

    def load(film: SourceInfo) -> FaceSwapper:
        from faceswap.swap.inference.swapper import TrainedSwapper

        import_trusted(recorded_model(run))
        return TrainedSwapper.load(run, checkpoint, request.device)

    run = chosen_run(request, workspace)
    checkpoint = None if request.checkpoint is None else checkpoint_folder(run, request.checkpoint)
    a, b, consent = recorded_pair(run)
    return Model(load, a, b, consent, run, variant_of(run.name, a, b))


def exported_model(request: ConvertRequest) -> Model:
    """The file `onnx=`. Raises UserError when it cannot be used, or draws the other face than asked for."""
    pair = request.pair
    if request.run or pair.name or pair.a or pair.b or request.checkpoint is not None:
        raise UserError("onnx= stands for pair=, run= and checkpoint=: leave these out, or onnx=")
    path = Path(request.onnx)
    swapper = OnnxSwapper.load(path, request.device)
    about = swapper.about
    a, b = about.faces or ("a", "b")
    if about.side != request.to:
        drawn = a if about.side == "a" else b
        raise UserError(f"to={request.to}: {path} draws {drawn}; say to={about.side}, or export side={request.to}")
    consent = {key: about.consent[key] for key in CONSENT if key in about.consent}
    return Model(lambda film: swapper, a, b, consent, path, "onnx")  # beside the film of the run itself


def dfm_model(request: ConvertRequest) -> Model:
    """The file `dfm=`. Raises UserError when it cannot be used."""
    pair = request.pair
    if request.run or request.onnx or pair.name or pair.a or pair.b or request.checkpoint is not None:
        raise UserError("dfm= stands for pair=, run=, onnx= and checkpoint=: leave these out, or dfm=")
    if request.to != "a":
        raise UserError("to=b: a .dfm draws one face, A's; leave to= out")
    if not request.video:
        raise UserError("video= is missing: the film, folder of pictures or picture to put the face of dfm= into")
    path = Path(request.dfm)
    swapper = DfmSwapper.load(path, request.device)
    a, b = swapper.about.get("faces") or (path.stem, "b")
    told = swapper.about.get("consent", {})
    consent = {key: told[key] for key in CONSENT if key in told}
    return Model(lambda film: swapper, a, b, consent, path, "dfm")


def untrained_model(request: ConvertRequest, workspace: Workspace) -> Model:
    """The generic model that draws who is on `photo=`. Raises UserError when it cannot be used."""
    pair = request.pair
    if request.run or request.onnx or request.dfm or pair.name or pair.a or pair.b or request.checkpoint is not None:
        raise UserError("photo= stands for pair=, run=, onnx=, dfm= and checkpoint=: leave these out, or photo=")
    if request.to != "a":
        raise UserError("to=b: a photo is of A, whose face is shown; leave to= out")
    if not request.video:
        raise UserError("video= is missing: the film, folder of pictures or picture to put the face of photo= into")
    is_set = not Path(request.photo).exists() and request.photo in workspace.face_set_names()
    face_set = workspace.faces(request.photo) if is_set else None
    photos = () if face_set else probe_takes(request.photo)

    def load(film: SourceInfo) -> FaceSwapper:
        from faceswap.swap.inference.untrained import draw_face_set, draw_photos

        if face_set:
            return draw_face_set(face_set, film, request.photo_model, request.device)
        return draw_photos(portraits(), name, film, request.photo_model, request.device)

    @functools.cache  # the model and what lends it detail look at the same photos
    def portraits() -> Sequence[Portrait]:
        return read_portraits(photos, BuiltinFinder(device=request.device), request.photo_face)

    name = face_set.name if face_set else name_of_takes(request.photo, photos)
    return Model(load, name, "b", {}, face_set or photos[0].path, "photo", None if face_set else portraits)


def variant_of(run: str, a: str, b: str) -> str:
    """What the name of a run says beyond its pair: nothing of A_B, model=df of A_B,model=df, all of another name."""
    return run.removeprefix(f"{a}_{b}").lstrip("_,")
