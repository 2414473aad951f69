"""Training a StyleGAN2 of one's own: any pictures, 32 to 1024 px, with or without the short cut of a warm-up."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from faceswap.engine.accelerator import Precision, choose_machine, memory_errors
from faceswap.engine.interrupts import StopRequest
from faceswap.stylegan.data.packed import Pictures, batch_on, open_pictures
from faceswap.stylegan.metrics.frechet import BATCH, cloud, face_features, frechet_distance, samples
from faceswap.stylegan.metrics.inception import inception_features
from faceswap.stylegan.training.adversarial import Contest
from faceswap.stylegan.training.previews import PER_ROW, preview
from faceswap.stylegan.training.state import CHECKPOINT, Networks, restore_checkpoint, save_checkpoint
from faceswap.stylegan.training.warm_up import Reconstruction, WarmUp
from faceswap.stylegan.weights.files import load_generator, save_encoder, save_generator
from faceswap.swap.training.run_log import PREVIEWS, TENSORBOARD, RunLog
from faceswap.utils.atomic import remove
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.locks import locked
from faceswap.utils.progress import Progress

GENERATOR_FILE, ENCODER_FILE = "generator.safetensors", "encoder.safetensors"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """The networks: `resolution` px, `channels` at 4, 8, ... px (default: the usual plan), sizes of z and w.

    `judge_channels`: the discriminator's, where they are not the generator's: a smaller one learns sooner.
    """

    resolution: int = 64
    channels: Sequence[int] | None = None
    w_size: int = 512
    mapping_layers: int = 2
    clamp: float | None = None
    judge_channels: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.resolution not in (32, 64, 128, 256, 512, 1024):
            raise ValueError(f"plan.resolution={self.resolution}: accepted are 32, 64, 128, 256, 512 and 1024")
        count = self.resolution.bit_length() - 2
        for name in ("channels", "judge_channels"):
            given = getattr(self, name)
            if given is not None and (len(given) != count or min(given) < 1):
                raise ValueError(f"plan.{name}={list(given)}: {self.resolution} px need {count} numbers above 0")


@dataclass(frozen=True)
class Looks:
    """How often a training is looked at, in thousands of pictures (kimg); `samples`: of each distance, 0 for none."""

    log_kimg: float = 1
    preview_kimg: float = 10
    save_kimg: float = 10
    distance_kimg: float = 50
    samples: int = 2000


def train_generator(
    data: Path,  # folder of images, face set, or folder with targets.npy
    run: Path,  # folder of the run; a run that is there goes on
    *,
    plan: Plan = Plan(),
    warm_up: WarmUp = WarmUp(),  # noqa: B008 (frozen)
    contest: Contest = Contest(),  # noqa: B008 (frozen)
    reconstruction: Reconstruction = Reconstruction(),  # noqa: B008 (frozen)
    looks: Looks = Looks(),
    kimg: float = 5000,  # thousands of pictures in all, those of earlier sessions counted in
    minutes: float | None = None,  # training time in all
    batch_size: int = 32,
    mirror: bool = True,  # half of the pictures
    grow_from: str = "",  # a generator whose weights are taken where they fit: of a lower resolution, it is grown
    inception: str = "",  # weights of the network of published FIDs, to measure that too
    device: str = "auto",
    precision: Precision = "auto",
    seed: int = 0,
    config_text: str = "",
    restart: bool = False,
) -> Path:
    """Trains until `kimg` or `minutes` are reached and gives back `run`: checkpoint, previews, weights, TensorBoard.

    Goes on from the checkpoint; a stopped and resumed run equals an uninterrupted one. Raises UserError for what the
    user can mend, Interrupted after a signal, when all is saved.
    """
    machine = choose_machine(device, precision)
    with locked(run, "training it"), memory_errors(batch_size):
        pictures = open_pictures(data, plan.resolution, run / f"pictures-{plan.resolution}.npy")
        if restart:
            for name in (CHECKPOINT, GENERATOR_FILE, ENCODER_FILE, TENSORBOARD, PREVIEWS):
                remove(run / name)
        torch.manual_seed(seed)
        networks = Networks(machine, **asdict(plan))
        if grow_from:
            _take_what_fits(networks, grow_from)
        compare = reconstruction.build(networks)
        autoencoding, round_ = warm_up.build(networks, compare), contest.build(networks, compare)
        optimisers = [autoencoding.optimiser, *round_.optimisers]
        state = restore_checkpoint(run, networks, optimisers) or {"images": 0, "seconds": 0.0} | round_.state()
        round_.restore(state)
        images, began = int(state["images"]), time.monotonic() - float(state["seconds"])
        last = round(1000 * kimg)
        crossed = _Crossings(images, batch_size)
        with (
            StopRequest() as stop,
            RunLog(run, images, config_text) as journal,
            Progress(last, "train", "picture", images) as bar,
        ):
            watch = _Watch(run, networks, pictures, looks, journal, inception)
            finished = images >= last
            while not finished:
                seen, targets = batch_on(pictures, images // batch_size, batch_size, seed, mirror, machine.device)
                is_warm = images >= warm_up.images
                losses = round_.step(seen, targets) if is_warm else autoencoding.step(seen, targets, images)
                images += batch_size
                networks.follow(images, batch_size)
                bar.advance(batch_size)
                seconds = time.monotonic() - began
                finished = images >= last or bool(stop) or (minutes is not None and seconds >= 60 * minutes)

                watch.note(losses)
                if finished or crossed(looks.log_kimg, images):
                    bar.note(watch.log(images, seconds))
                if finished or crossed(looks.save_kimg, images):
                    numbers = {"images": images, "seconds": seconds} | round_.state()
                    save_checkpoint(run, networks, optimisers, numbers)
                with torch.random.fork_rng():  # to look at a training is not to change it
                    if (finished and not stop) or crossed(looks.preview_kimg, images):
                        watch.look(images, seconds)
                    if looks.samples and ((finished and not stop) or crossed(looks.distance_kimg, images)):
                        watch.measure(images)
        if stop and images < last:
            raise Interrupted(f"stopped at {images} pictures, saved in {run}; the same command goes on from there")
    return run


class _Crossings:
    """Whether a step went over a multiple of so many thousand pictures."""

    def __init__(self, images: int, batch_size: int) -> None:
        self._batch = batch_size

    def __call__(self, kimg: float, images: int) -> bool:
        every = max(1, round(1000 * kimg))
        return images // every > (images - self._batch) // every


class _Watch:
    """What a training shows of itself: curves, pictures, weights, distance."""

    def __init__(
        self, run: Path, networks: Networks, pictures: Pictures, looks: Looks, journal: RunLog, inception: str
    ) -> None:
        self._run, self._networks, self._looks, self._journal = run, networks, looks, journal
        self._inception = inception
        self._shown = pictures.batch(0, PER_ROW, 1, False)
        self._pictures, self._sums = pictures, dict[str, list[float]]()

    def note(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            self._sums.setdefault(name, []).append(value)

    def log(self, images: int, seconds: float) -> str:
        """Writes the means since the last time; gives the line for the progress bar."""
        means = {name: sum(values) / len(values) for name, values in self._sums.items()}
        self._sums.clear()
        self._journal.scalars(means | {"minutes": seconds / 60}, images)
        return " ".join(f"{name.partition('/')[2]} {value:.3f}" for name, value in list(means.items())[:4])

    def look(self, images: int, seconds: float) -> None:
        """A grid of pictures, and the weights as they are to be used."""
        self._journal.preview(preview(self._networks, *self._shown), images)
        about = {"kimg": images / 1000, "minutes": round(seconds / 60, 1)}
        generator, encoder = self._networks.shipped()
        save_generator(generator, self._run / GENERATOR_FILE, about)
        save_encoder(encoder, self._run / ENCODER_FILE, about)

    def measure(self, images: int) -> None:
        """The distance of as many samples from as many pictures."""
        device, count = self._networks.machine.device, self._looks.samples
        kinds = {"faces": face_features(str(device))}
        if self._inception:
            kinds["inception"] = inception_features(self._inception, str(device))
        generator = self._networks.shipped()[0].to(device)
        for name, features in kinds.items():
            batches = range(-(-min(count, len(self._pictures)) // BATCH))
            real = cloud(features, (self._pictures.batch(number, BATCH, 2, True)[1] for number in batches))
            distance = frechet_distance(real, cloud(features, samples(generator, count, 0)))
            self._journal.scalars({f"frechet/{name}": distance}, images)


def _take_what_fits(networks: Networks, source: str) -> None:
    """Weights of an earlier generator, by name and shape; colours of higher resolutions begin at nothing."""
    taken = load_generator(source)
    given, own = taken.state_dict(), networks.generator.state_dict()
    fits = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    if "synthesis.b4.const" not in fits or "mapping.fc0.weight" not in fits:
        raise UserError(f"grow_from={source}: it is of other plan.channels or another plan.w_size")
    networks.generator.load_state_dict(fits, strict=False)
    for side in networks.generator.synthesis.sides:
        if side > taken.resolution:
            torch.nn.init.zeros_(getattr(networks.generator.synthesis, f"b{side}").torgb.weight)
    networks.average.load_state_dict(networks.generator.state_dict())
    networks.encoder.take_mapping(networks.generator.mapping)
    networks.average_encoder.load_state_dict(networks.encoder.state_dict())
    log.info("took %d of %d weights from %s", len(fits), len(own), source)
