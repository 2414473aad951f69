"""Edits against the truth: what moves a factor alone is told from what does not."""

from __future__ import annotations

import numpy as np
import torch

from faceswap.stylegan.directions.directions import Direction, DirectionSet, save_directions
from faceswap.utils.images import from_signed_range
from tests.stylegan.tiny import tiny_encoder, tiny_files, tiny_generator
from tools.bench._step_reader import StepReader
from tools.bench.edit_truth import main


def test_steps_are_read_off_pictures():
    rng = torch.Generator().manual_seed(0)
    patterns = torch.randn(2, 3, 32, 32, generator=rng)
    before = torch.randn(80, 3, 32, 32, generator=rng)
    steps = torch.randn(80, 2, generator=rng)
    after = before + torch.einsum("nk,kchw->nchw", steps, patterns)

    def features(images):
        return [images[:, :, ::4, ::4]]

    reader = StepReader.fit(features, before[:60], after[:60], steps[:60])
    torch.testing.assert_close(reader.read(before[60:], after[60:]), steps[60:], atol=0.1, rtol=0.1)


def test_the_planted_direction_is_nearer_the_truth_than_another(tmp_path, capsys):
    files = [f"--{text}" for text in tiny_files(tmp_path)]
    generator = tiny_generator()
    encoder = tiny_encoder(generator)
    axes = torch.linalg.qr(torch.randn(32, 32, generator=torch.Generator().manual_seed(3)))[0].numpy()
    right, wrong = (Direction("smile", axes[place], axes[place], 1.0) for place in (0, 2))
    for name, direction in (("right", right), ("wrong", wrong)):
        save_directions(tmp_path / f"{name}.safetensors", DirectionSet({"smile": direction}))
    for folder, people in ((tmp_path / "crops", "ab"), (tmp_path / "crops" / "held_out", "cd")):
        folder.mkdir()
        seen = np.random.default_rng(len(str(folder))).integers(0, 255, (8, 32, 32, 3), np.uint8)
        codes = encoder((torch.from_numpy(seen).permute(0, 3, 1, 2) / 127.5 - 1).float())
        moved = [codes + 2 * torch.from_numpy(axes[place]) for place in (0, 1)]
        drawn = from_signed_range(generator.synthesis(torch.cat([codes, *moved]), noise="none"))
        np.save(folder / "seen.npy", np.concatenate([seen, seen, seen]))
        np.save(folder / "targets.npy", drawn)
        rows = [f"{n},{n + 8},{people[n % 2]},1," for n in range(8)]
        rows += [f"{n},{n + 16},{people[n % 2]},,1" for n in range(8)]
        (folder / "pairs.csv").write_text("\n".join(["before,after,person,smile,age", *rows]) + "\n")
    result = main(
        [
            str(tmp_path / "crops"),
            *files,
            "--directions",
            *(str(tmp_path / f"{n}.safetensors") for n in ("right", "wrong")),
        ]
    )
    good, bad = (result[str(tmp_path / f"{name}.safetensors")] for name in ("right", "wrong"))
    assert abs(good["smile"]["sigmas"] - 2) < 0.3
    assert good["smile"]["psnr_db"] > good["smile"]["psnr_db_unedited"] + 6
    assert good["smile"]["psnr_db"] > bad["smile"]["psnr_db"] + 6
    assert 0.8 <= good["smile"]["own_reached"] <= 1.2 and good["mean"]["met"]["own_reached"] == 1
    assert good["mean"]["factors"] == 1
    assert '"people": 2' in capsys.readouterr().out
