"""Files as Puzer, InterFaceGAN, GANSpace and e4e publish them, and files that mean harm."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch

from faceswap.stylegan.directions.directions import load_direction, move, save_directions
from faceswap.stylegan.directions.imported import import_directions
from faceswap.stylegan.inversion.perceptual import read_weights
from faceswap.stylegan.metrics.inception import inception_features
from faceswap.utils.errors import UserError

VECTOR = np.random.default_rng(0).normal(size=512)


def test_puzers_rows_are_one_vector_for_the_first_eight(tmp_path):
    np.save(tmp_path / "smile.npy", np.tile(0.94 * VECTOR / np.linalg.norm(VECTOR), (18, 1)))
    found = import_directions(tmp_path / "smile.npy")["smile"]
    assert found.space == "w" and found.rows == (0, 8) and found.generator == ""
    rows = torch.zeros(1, 18, 512)
    moved = move(rows, found, 1.0)  # his coefficient 1
    np.testing.assert_allclose(moved[0, :8], np.load(tmp_path / "smile.npy")[:8], atol=1e-6)
    assert (moved[0, 8:] == 0).all()


def test_interfacegans_boundary_is_a_unit_normal(tmp_path):
    np.save(tmp_path / "stylegan_ffhq_age_w_boundary.npy", (VECTOR / np.linalg.norm(VECTOR))[None])
    found = import_directions(tmp_path / "stylegan_ffhq_age_w_boundary.npy", "age")["age"]
    assert found.scale == pytest.approx(1, abs=1e-6) and found.rows is None and "InterFaceGAN" in found.source


@pytest.mark.parametrize("shape", [(1, 512), (1, 18, 512)])
def test_e4es_tensors(tmp_path, shape):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    torch.save(values, tmp_path / "pose.pt")
    found = import_directions(tmp_path / "pose.pt")["pose"]
    assert found.space == ("w" if len(shape) == 2 else "w+")
    moved = move(torch.zeros(1, 18, 512), found, 2.0)
    torch.testing.assert_close(moved, (2 * values).expand(1, 18, 512), atol=1e-5, rtol=1e-5)


def test_ganspace_in_both_forms(tmp_path):
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(512, 5)))[0].T[:, None].astype(np.float32)
    spreads = np.array([5, 4, 3, 2, 1], np.float32)
    np.savez(tmp_path / "g.npz", lat_comp=axes, lat_stdev=spreads, lat_mean=np.zeros((1, 1, 512)), act_comp=np.ones(3))
    table = {"mean": torch.zeros(1, 512), "comp": torch.from_numpy(axes), "std": torch.from_numpy(spreads)}
    torch.save(table, tmp_path / "g.pt")
    for file in ("g.npz", "g.pt"):
        found = import_directions(tmp_path / file)
        assert list(found.directions) == [f"pca{number}" for number in range(1, 6)]
        assert found["pca2"].scale == 4
        np.testing.assert_allclose(found["pca2"].normal, axes[1, 0], atol=1e-6)


class Malice:
    def __reduce__(self):
        return (eval, ("open('harmed', 'w')",))


def test_hostile_files_are_refused_and_run_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("object.npy", np.array([Malice()], object), allow_pickle=True)
    np.savez("object.npz", lat_comp=np.array([Malice()], object), lat_stdev=np.ones(1))
    torch.save({"comp": Malice()}, "object.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Malice()))
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 512)})
    (tmp_path / "huge.npy").write_bytes(head.getvalue())
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lat_comp.npy", bytes(70 << 20))
    torch.save({"comp": torch.zeros(1).expand(1 << 40), "std": torch.zeros(1)}, "wide.pt")
    torch.save({"comp": torch.zeros(1 << 20), "std": torch.zeros(1)}, "large.pt")
    with zipfile.ZipFile("large.pt") as plain, zipfile.ZipFile("packed.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for info in plain.infolist():  # torch itself would unpack them, to any size
            packed.writestr(info.filename, plain.read(info))
    (tmp_path / "large.pt").unlink()
    np.save("integers.npy", np.arange(512)[None])
    np.save("nan.npy", np.full((1, 512), np.nan))
    np.savez("other.npz", latents=np.ones((2, 512)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "nan.npy").read_bytes()[:100])
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "text.txt").write_text("hello")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert len(files) == 14
    for file in [*files, "missing.npy"]:
        with pytest.raises(UserError, match=file):
            import_directions(file)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("name", ["a.npy", "a.pt", "wplus.pt"])
def test_a_direction_of_unit_length_is_stored(tmp_path, name):
    unit = (VECTOR / np.linalg.norm(VECTOR)).astype(np.float32)
    values = np.tile(unit, (1, 18, 1)) if name == "wplus.pt" else unit[None]
    if name.endswith(".npy"):
        np.save(tmp_path / name, values)
    else:
        torch.save(torch.from_numpy(values.copy()), tmp_path / name)
    found = import_directions(tmp_path / name, "age")
    save_directions(tmp_path / "age.safetensors", found)
    np.testing.assert_array_equal(load_direction(tmp_path / "age.safetensors").step, found["age"].step)


def test_a_packed_archive_takes_no_more_memory_than_it_is_large(tmp_path):
    torch.save({"comp": torch.zeros(1 << 22), "std": torch.zeros(3)}, tmp_path / "plain.pt")
    with (
        zipfile.ZipFile(tmp_path / "plain.pt") as plain,
        zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    assert (tmp_path / "packed.pt").stat().st_size < 1 << 20
    for read in (import_directions, inception_features, lambda path: read_weights(path, "vgg")):
        with pytest.raises(UserError):
            read(tmp_path / "packed.pt")
    with pytest.raises(UserError, match="that torch did not write"):
        import_directions(tmp_path / "packed.pt")
