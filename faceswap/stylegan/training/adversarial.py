"""Adversarial training of generator and discriminator, as in StyleGAN2: after a warm-up, or from the start."""

from __future__ import annotations

import torch
from torch import Tensor

from faceswap.stylegan.data.paired_crops import PairBatch
from faceswap.stylegan.training.ada import AdaptiveAugmentation, augmented
from faceswap.stylegan.training.config import Adversarial
from faceswap.stylegan.training.equivariance import moved_rows
from faceswap.stylegan.training.losses import d_logistic, g_nonsaturating, path_lengths, r1_gamma, r1_penalty
from faceswap.stylegan.training.state import TrainingNetworks
from faceswap.stylegan.training.warm_up import OFFSETS, ReconstructionLosses, encoded
from faceswap.utils.choices import Noise

PATH_DECAY = 0.01  # of the running mean of path lengths
MOVES_RATE = 5.0  # steps of a counterfactual training's directions, which are as long as styles
CODES_RATE = 0.4  # steps of the encoder against those of the generator, whose weights are scaled when used


class AdversarialStep:
    """One training step of generator and discriminator; both see the same generated images."""

    def __init__(self, settings: Adversarial, networks: TrainingNetworks, reconstruction: ReconstructionLosses) -> None:
        self._settings, self._networks, self._reconstruction = settings, networks, reconstruction
        self.adaptive = AdaptiveAugmentation(settings.ada_images, settings.ada_target)
        self._noise: Noise = "random" if settings.noise else "none"
        self.path_mean, self.steps, self._images = torch.zeros(()), 0, 0
        rate = settings.learning_rate
        encoding = [p for p in networks.encoder.parameters() if p.requires_grad]
        groups = [
            *_generator_groups(networks, rate, settings.grown_rate),
            {"params": encoding, "lr": rate * CODES_RATE},
        ]
        if networks.moves is not None:
            groups.append({"params": list(networks.moves.parameters()), "lr": rate * MOVES_RATE})
        self.generator_optimizer = _adam(groups, rate, settings.path_every)
        discriminator = [{"params": list(networks.discriminator.parameters())}]
        self.discriminator_optimizer = _adam(discriminator, rate * settings.discriminator_rate, settings.r1_every)

    @property
    def optimizers(self) -> list[torch.optim.Adam]:
        return [self.generator_optimizer, self.discriminator_optimizer]

    def step(
        self, seen: Tensor, targets: Tensor, pairs: PairBatch | None = None, codes: float = 0.0
    ) -> dict[str, float]:
        """Train on one batch of images (N, 3, R, R) in [-1, 1] and return its losses by name.

        Args:
            pairs: Faces before and after a move; as many drawings fewer are of new z.
            codes: Weight of how far their codes disagree.
        """
        kept = round(self._settings.encoder_share * len(seen))
        waits = self._images < self._settings.head_start
        count = max(1, len(seen) - kept - (0 if pairs is None else len(pairs.seen)))
        drawn, parts = self._train_generator(count, seen[:kept], targets[:kept], not waits, pairs, codes)
        parts |= self._train_discriminator(targets, drawn)
        self.steps += 1
        self._images += len(seen)
        if self._settings.path_every and self.steps % self._settings.path_every == 0 and not waits:
            parts |= self._regularize_paths(max(1, len(seen) // 2))
        return parts

    def state(self) -> dict[str, float | int | Tensor]:
        """Return what a checkpoint stores beside weights and optimizers."""
        return {"p": self.adaptive.p, "path_mean": self.path_mean, "steps": self.steps, "contested": self._images}

    def restore(self, state: dict) -> None:
        self.adaptive.p, self.path_mean = float(state["p"]), state["path_mean"]
        self.steps, self._images = int(state["steps"]), int(state["contested"])
        if not self._settings.noise:  # nothing would unlearn what was learned with it
            for drawing in (self._networks.generator, self._networks.average):
                drawing.synthesis.remove_noise()

    def _rows(self, count: int) -> Tensor:
        """Return rows of styles of `count` new z, (count, rows, w_size); with `mixing` the later ones of other z."""
        generator, place = self._networks.generator, self._networks.accelerator.device
        rows = generator.spread(generator.mapping(torch.randn(count, generator.z_size, device=place)))
        if torch.rand(()) >= self._settings.mixing:
            return rows
        others = generator.spread(generator.mapping(torch.randn(count, generator.z_size, device=place)))
        cut = torch.randint(1, generator.rows, (count, 1, 1), device=place)
        return torch.where(torch.arange(generator.rows, device=place)[None, :, None] < cut, rows, others)

    def _train_generator(
        self, count: int, seen: Tensor, targets: Tensor, learns: bool, pairs: PairBatch | None, codes: float
    ) -> tuple[Tensor, dict[str, float]]:
        networks = self._networks
        networks.discriminator.requires_grad_(False)
        with torch.set_grad_enabled(learns):
            rows, ties = self._rows(count), dict[str, Tensor]()
            if len(seen):
                asked, ties = encoded(networks, seen, self._reconstruction.weights.divergence, offsets=True)
                rows = torch.cat([rows, asked])
            if pairs is not None:
                moved, apart, far = moved_rows(networks, pairs, codes)
                rows, ties = torch.cat([rows, moved]), ties | {"apart": apart, "far": OFFSETS * far}
            with networks.accelerator.autocast():
                drawn = networks.generator.synthesis(rows, noise=self._noise)
                logits = networks.discriminator(augmented(drawn, self.adaptive.p))
            parts = {"generator": g_nonsaturating(logits.float())} | ties
            if len(seen):
                parts |= self._reconstruction(drawn[count : count + len(seen)], targets)
            if pairs is not None:
                again = self._reconstruction(drawn[-len(pairs.targets) :], pairs.targets)
                parts["moved"] = torch.stack(list(again.values())).sum()
            if learns:
                self._optimize(self.generator_optimizer, torch.stack(list(parts.values())).sum())
        return drawn.detach(), {f"adversarial/{name}": float(value.detach()) for name, value in parts.items()}

    def _train_discriminator(self, real: Tensor, drawn: Tensor) -> dict[str, float]:
        networks, settings = self._networks, self._settings
        networks.discriminator.requires_grad_(True)
        with networks.accelerator.autocast():
            of_drawn = networks.discriminator(augmented(drawn, self.adaptive.p)).float()
            of_real = networks.discriminator(augmented(real, self.adaptive.p)).float()
        parts = {"discriminator": d_logistic(of_real, of_drawn)}
        self._optimize(self.discriminator_optimizer, parts["discriminator"])
        if settings.ada_target:
            self.adaptive.learn(of_real)
        if self.steps % settings.r1_every == 0:
            shown = augmented(real, self.adaptive.p).detach().requires_grad_()
            penalty = r1_penalty(networks.discriminator(shown), shown)
            gamma = settings.gamma * r1_gamma(real.shape[-1], len(real))
            self._optimize(self.discriminator_optimizer, penalty * (gamma / 2 * settings.r1_every))
            parts["r1"] = penalty
        signs = {"adversarial/real_sign": float(of_real.detach().sign().mean()), "adversarial/p": self.adaptive.p}
        return signs | {f"adversarial/{name}": float(value.detach()) for name, value in parts.items()}

    def _regularize_paths(self, count: int) -> dict[str, float]:
        """Apply the path length penalty (StyleGAN2, eq. 4): equal steps in w should change images equally."""
        networks, settings = self._networks, self._settings
        rows = self._rows(count)
        with networks.accelerator.autocast():
            images = networks.generator.synthesis(rows, noise=self._noise)
        lengths = path_lengths(images, rows)
        self.path_mean = torch.lerp(self.path_mean.to(lengths), lengths.detach().mean(), PATH_DECAY)
        penalty = (lengths - self.path_mean).square().mean()
        self._optimize(self.generator_optimizer, penalty * (settings.path_weight * settings.path_every))
        return {"adversarial/path": float(penalty.detach()), "adversarial/path_length": float(self.path_mean)}

    @staticmethod
    def _optimize(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def _generator_groups(networks: TrainingNetworks, rate: float, grown_rate: float) -> list[dict]:
    """Return the generator's weights; apart those that an earlier one brought, where they learn at their own rate."""
    named = dict(networks.generator.named_parameters())
    if grown_rate == 1 or not networks.grown:
        return [{"params": list(named.values())}]
    new = [weight for name, weight in named.items() if name not in networks.grown]
    brought = [weight for name, weight in named.items() if name in networks.grown]
    return [{"params": new}, {"params": brought, "lr": rate * grown_rate}]


def _adam(groups: list[dict], rate: float, every: int) -> torch.optim.Adam:
    """Return an Adam whose betas and rate count the lazy penalties' extra steps in (StyleGAN2, appendix B)."""
    share = every / (every + 1) if every else 1.0
    for group in groups:
        group["lr"] = group.get("lr", rate) * share
    return torch.optim.Adam(groups, lr=rate * share, betas=(0.0, 0.99**share), eps=1e-8)
