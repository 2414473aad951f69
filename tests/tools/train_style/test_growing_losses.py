"""What judges a grown generator's pictures."""

import torch
from torch.nn import functional

from faceswap.stylegan.training.losses import d_logistic
from tools.train_style.growing_losses import Comparison, PatchDiscriminator, WholeDiscriminator, upper_octave


def pictures(count=16):
    """Return pictures whose colours differ far more than what is fine in them."""
    torch.manual_seed(0)
    colours = functional.interpolate(torch.rand(count, 3, 2, 2), (64, 64), mode="bilinear") * 1.6 - 0.8
    return colours + 0.03 * torch.randn(count, 3, 64, 64)


def test_a_few_steps_tell_sharp_pictures_from_soft_ones():
    sharp = pictures()
    soft = functional.interpolate(functional.avg_pool2d(sharp, 2), scale_factor=2, mode="bilinear")
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(sharp, channels=4)
    optimizer = torch.optim.Adam(discriminator.parameters(), 0.004, (0.5, 0.99))
    for _ in range(15):
        optimizer.zero_grad()
        loss = d_logistic(discriminator(sharp), discriminator(soft))
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 1.0  # 1.39 is guessing
    assert discriminator(sharp).shape == (16, 1, 16, 16)


def test_the_upper_octave_is_what_half_the_resolution_cannot_hold():
    sharp = pictures(2)
    smooth = functional.interpolate(torch.rand(2, 3, 4, 4), (64, 64), mode="bilinear")
    assert float(upper_octave(smooth)[..., 4:-4, 4:-4].abs().mean()) < 0.01
    assert float(upper_octave(sharp).std()) > 0.02


def test_a_crop_drawn_again_costs_nothing_and_a_soft_one_does():
    sharp = pictures(2)
    compare = Comparison()
    soft = functional.avg_pool2d(sharp, 3, 1, 1)
    assert all(float(value) < 1e-5 for value in compare(sharp, sharp).values())
    assert all(float(value) > 1e-3 for value in compare(soft, sharp).values())


def test_a_whole_face_is_told_from_its_parts_in_other_places():
    """The larger a view, the sooner it knows."""
    sharp = functional.interpolate(pictures(32)[:, :, ::8, ::8], (64, 64), mode="bilinear")
    sharp[:, :, :32] += 1.0
    wrong = sharp.flip(2)
    torch.manual_seed(0)
    discriminator = WholeDiscriminator(sharp, channels=4)
    optimizer = torch.optim.Adam(discriminator.parameters(), 0.004, (0.5, 0.99))
    for _ in range(30):
        optimizer.zero_grad()
        losses = [d_logistic(one, other) for one, other in zip(discriminator(sharp), discriminator(wrong), strict=True)]
        torch.stack(losses).sum().backward()
        optimizer.step()
    assert [tuple(logits.shape[2:]) for logits in discriminator(sharp)] == [(16, 16), (8, 8), (4, 4)]
    assert float(losses[2].detach()) < 0.7 and losses[2] < losses[0]
