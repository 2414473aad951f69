"""The face-alignment finder: geometry against the package itself, weights, and what goes wrong with them."""

from __future__ import annotations

import os
import pickle
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from faceswap.core.values import Frame
from faceswap.detect import downloads as weights
from faceswap.detect.face_alignment import FaceAlignmentFinder, peaks
from faceswap.detect.face_alignment_networks import FaceAlignmentNetworks
from faceswap.utils.errors import UserError
from tests.extraction.made import frame_of, source_of
from tests.extraction.tiny_weights import write_blazeface, write_fan, write_sfd

SOURCE = source_of(Path("/films/clip.mp4"))
FAN, SFD = "2DFAN4-11f355bf06.pth.tar", "s3fd-619a316812.pth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_fan(folder)
    write_sfd(folder)
    write_blazeface(folder)
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(weights.urllib.request, "urlopen", refuse)


def test_peaks_of_gaussians_are_found_between_the_pixels() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(3, 60, (2, 68, 2)).astype(np.float32)
    y, x = np.mgrid[:64, :64]
    squares = (x - places[..., :1, None]) ** 2 + (y - places[..., 1:, None]) ** 2
    found = peaks((0.8 * np.exp(-squares / 2)).astype(np.float32))
    assert np.abs(found - places).max() < 0.01


def test_peaks_at_the_edge_and_on_flat_maps_are_finite() -> None:
    heatmaps = np.zeros((1, 4, 64, 64), np.float32)
    heatmaps[0, 1, 0, 63], heatmaps[0, 2, 63, 0] = 1, 1
    heatmaps[0, 3] = -5
    np.testing.assert_array_equal(peaks(heatmaps)[0], [[0, 0], [63, 0], [0, 63], [0, 0]])


@pytest.mark.parametrize("flip", [False, True])
def test_points_agree_with_the_packages_own(folder: Path, monkeypatch: pytest.MonkeyPatch, flip: bool) -> None:
    import face_alignment

    monkeypatch.setenv("TORCH_HOME", str(folder.parent))
    hub = folder.parent / "hub"
    hub.mkdir(exist_ok=True)
    if not (hub / "checkpoints").exists():
        (hub / "checkpoints").symlink_to(folder)
    package = face_alignment.FaceAlignment(
        face_alignment.LandmarksType.TWO_D, device="cpu", flip_input=flip, compile=False
    )
    frame = frame_of(0, width=128, height=128)
    finder = FaceAlignmentFinder(weights_folder=str(folder), precision="fp32", flip=flip)
    face = finder.find([frame])[0][0]
    theirs = package.get_landmarks_from_image(frame.image, [[float(edge) for edge in face.box]])[0]
    difference = face.points - theirs
    cell = 200 * float((face.box[2:] - face.box[:2]).sum()) / 195 / 64  # frame pixels a heatmap pixel
    assert np.median(np.linalg.norm(difference, axis=1)) < 0.5 * cell  # they round to quarters and to whole pixels
    assert np.abs(np.median(difference, axis=0)).max() < 0.15 * cell


def test_frames_of_several_sizes_go_through_together(folder: Path) -> None:
    sizes = [(128, 128), (256, 128), (128, 128), (512, 512)]
    frames = [frame_of(index, width=size[0], height=size[1]) for index, size in enumerate(sizes)]
    finder = FaceAlignmentFinder(weights_folder=str(folder), detect_side_px=128, batch_size=4, precision="fp32")
    together = finder.find(frames)
    # the detector's face lies at the same place of the reduced frame, whatever the size was
    np.testing.assert_allclose(together[3][0].box, (together[0][0].box + 0.5) * 4 - 0.5, rtol=1e-4)
    alone = finder.find(frames[1:2])[0]
    np.testing.assert_allclose(together[1][0].points, alone[0].points, atol=0.5)
    assert all(0.5 < face.score <= 1 for faces in together for face in faces)


def test_no_face_is_no_face(folder: Path, tmp_path: Path) -> None:
    write_sfd(tmp_path, confident=False)
    (tmp_path / FAN).symlink_to(folder / FAN)
    finder = FaceAlignmentFinder(weights_folder=str(tmp_path), detect_side_px=128)
    assert finder.find([frame_of(0), frame_of(1)]) == [[], []]
    assert finder.find([]) == []


def test_blazeface_sees_the_whole_of_a_wide_frame(folder: Path) -> None:
    finder = FaceAlignmentFinder("blazeface", weights_folder=str(folder), detect_side_px=128, precision="fp32")
    (face,) = finder.find([frame_of(0, width=640, height=320)])[0]
    np.testing.assert_allclose(face.box, [0, 160, 320, 480], atol=3)  # of the 640 x 640 square that holds the frame


def test_mixed_precision_changes_heatmaps_little(folder: Path) -> None:
    crops = np.stack([frame_of(0, width=256, height=256).image])
    plain, mixed = (
        FaceAlignmentNetworks("sfd", "2d", folder, 0.5, "cpu", precision).heatmaps(crops, flip=False).ravel()
        for precision in ("fp32", "bf16")
    )
    assert np.corrcoef(plain, mixed)[0, 1] > 0.99 and not np.array_equal(plain, mixed)


def test_missing_weights_are_named_with_their_folder(tmp_path: Path, no_network: None) -> None:
    finder = FaceAlignmentFinder(weights_folder=str(tmp_path / "none"))
    with pytest.raises(UserError, match=r"finder\.weights_folder") as caught:
        finder.prepare(SOURCE)
    line = str(caught.value)
    assert SFD in line and FAN in line and str(tmp_path / "none") in line and "no route" in line and "\n" not in line
    assert not any(tmp_path.rglob("*.part*"))


def test_only_what_is_missing_is_asked_for(tmp_path: Path, no_network: None) -> None:
    write_sfd(tmp_path)
    with pytest.raises(UserError) as caught:
        FaceAlignmentFinder(weights_folder=str(tmp_path), network="3d").prepare(SOURCE)
    assert "3DFAN4-7835d9f11d.pth.tar" in str(caught.value) and SFD not in str(caught.value)


def test_a_folder_filled_before_needs_no_network(folder: Path, no_network: None) -> None:
    FaceAlignmentFinder(weights_folder=str(folder)).prepare(SOURCE)
    FaceAlignmentFinder("blazeface", weights_folder=str(folder)).prepare(SOURCE)


def test_the_default_folder_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("/weights/torch", None):
        monkeypatch.setenv("TORCH_HOME", home) if home else monkeypatch.delenv("TORCH_HOME")
        assert weights.default_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_a_download_lands_whole_or_not_at_all(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.write_bytes(b"network" * 1000)
    import hashlib

    digest = hashlib.sha256(origin.read_bytes()).hexdigest()
    good = weights.WeightsFile(f"net-{digest[:10]}.pth", origin.as_uri())
    (path,) = weights.find_weights([good], tmp_path / "folder")
    assert path.read_bytes() == origin.read_bytes()
    bad = weights.WeightsFile("net-0123456789.pth", origin.as_uri())
    with pytest.raises(UserError, match=r"checksum.*net-0123456789\.pth"):
        weights.find_weights([bad], tmp_path / "folder")
    assert [file.name for file in (tmp_path / "folder").iterdir()] == [good.name]


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("broken", [FAN, SFD])
@pytest.mark.parametrize("content", ["garbage", "empty", "code", "cut", "another network"])
def test_files_that_are_no_weights_give_one_line_and_run_nothing(
    folder: Path, tmp_path: Path, broken: str, content: str
) -> None:
    for name in (FAN, SFD):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    target = tmp_path / "owned"
    path = tmp_path / broken
    if content == "another network":
        torch.save({"weight": torch.zeros(3)}, path)
    else:
        path.write_bytes(
            {"garbage": b"<html>not found</html>" * 50, "empty": b"", "code": pickle.dumps(Evil(target)),
             "cut": path.read_bytes()[:-5000]}[content]
        )  # fmt: skip
    finder = FaceAlignmentFinder(weights_folder=str(tmp_path), detect_side_px=128)
    finder.prepare(SOURCE)
    with pytest.raises(UserError, match=broken) as caught:
        finder.find([frame_of(0)])
    assert "\n" not in str(caught.value) and not target.exists()


def test_yunet_with_garbage_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"no network")
    (tmp_path / FAN).symlink_to(folder / FAN)
    with pytest.raises(UserError, match="yunet"):
        FaceAlignmentFinder("yunet", weights_folder=str(tmp_path)).find([frame_of(0)])


@pytest.mark.parametrize(
    "wrong",
    [{"detector": "haar"}, {"network": "4d"}, {"precision": "fp8"}, {"batch_size": 0}, {"minimum_score": 2.0},
     {"detect_side_px": 3}],
)  # fmt: skip
def test_wrong_options_are_named(wrong: dict) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        FaceAlignmentFinder(**wrong)


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "cuda:x"])
def test_a_device_that_is_not_there_is_one_line(folder: Path, device: str) -> None:
    with pytest.raises(UserError, match=device):
        FaceAlignmentFinder(weights_folder=str(folder), device=device).find([Frame(frame_of(0).image, 0, 0)])


def test_the_description_tells_results_apart() -> None:
    same = FaceAlignmentFinder(batch_size=2, precision="bf16").description
    assert same == FaceAlignmentFinder().description
    changes: list[dict] = [
        {"detector": "yunet"}, {"network": "3d"}, {"detect_side_px": 320}, {"minimum_score": 0.7}, {"flip": True},
    ]  # fmt: skip
    others = [FaceAlignmentFinder(**change).description for change in changes]
    assert len({same, *others}) == 6
