"""The workspace: DIR/faces/NAME, DIR/runs/PAIR, DIR/out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from faceswap.utils.errors import UserError
from faceswap.utils.files.links import guard

USUAL_WORKSPACE = "workspace"
RUN_CONFIG = "config.yaml"
RESULT_REPORT = "report.json"  # in a folder of pictures; beside a file: FILE.report.json


@dataclass(frozen=True)
class Workspace:
    """The folder that holds face sets, runs and results."""

    root: Path

    def __post_init__(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise UserError(f"workspace={self.root} is a file; name a folder (it is made when missing)")
        guard_workspace(self.root)

    def faces(self, name: str) -> Path:
        """Return the folder of a face set."""
        return self.root / "faces" / _checked(name, "a face set")

    def run(self, pair: str) -> Path:
        """Return the folder of a training run."""
        return self.root / "runs" / _checked(pair, "a pair")

    @property
    def out(self) -> Path:
        """The folder of finished films and pictures."""
        return self.root / "out"

    def existing_faces(self, name: str) -> Path:
        """Return the folder of a face set that is there.

        Raises:
            UserError: It lists those there are.
        """
        advice = f"make it: python -m faceswap.extract video={name}.mp4"
        return self._existing(self.faces(name), f"face set '{name}'", self.face_set_names(), advice)

    def together(self, text: str) -> str:
        """Return the name for several face sets of one person, `x+y`, from `[x,y]` or `x,y`; others as they are."""
        if not text or self.faces(text).is_dir():
            return text
        inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        names = [name.strip().strip("'\"") for name in inner.split(",")]
        return "+".join(dict.fromkeys(names)) if len(names) > 1 or inner != text else text

    def existing_faces_together(self, name: str) -> Path:
        """Return the folder of a face set, or of several `x+y` that are all there (none is made for them).

        Raises:
            UserError: One is not there; those there are listed.
        """
        if not self.faces(name).is_dir() and "+" in name:
            parts = name.split("+")
            if twice := next((part for part in parts if parts.count(part) > 1), ""):
                raise UserError(f"{name}: the face set {twice} stands there twice; name each once")
            for part in parts:
                self.existing_faces(part)
            return self.faces(name)
        return self.existing_faces(name)

    def existing_run(self, pair: str) -> Path:
        """Return the folder of a run that is there.

        Raises:
            UserError: It lists those there are.
        """
        return self._existing(self.run(pair), f"run '{pair}'", self.run_names(), "train it first")

    def run_or_path(self, text: str) -> Path:
        """Return what `init=` names: a run of this workspace by its pair's name, else a path."""
        if "/" not in text and text not in ("", ".", "..") and self.run(text).is_dir():
            return self.run(text)
        return Path(text)

    def run_or_new_path(self, text: str) -> Path:
        """Return what `run=` of a new run names: a folder of this workspace's runs, or the path that has a slash."""
        return Path(text) if "/" in text or text in (".", "..") else self.run(text)

    def face_set_names(self) -> list[str]:
        """Return the face sets there are, by name."""
        return _folders(self.root / "faces")

    def run_names(self) -> list[str]:
        """Return the runs there are, by name."""
        return _folders(self.root / "runs")

    def last_run(self) -> str:
        """Return the pair trained last: every training writes its config.yaml anew.

        Raises:
            UserError: There is none.
        """
        written = {name: self.run(name) / RUN_CONFIG for name in self.run_names()}
        times = {name: path.stat().st_mtime_ns for name, path in written.items() if path.is_file()}
        if not times:
            raise UserError(f"no pair was trained in {self.root}: train one first, or say workspace=")
        return max(times, key=lambda name: times[name])

    def _existing(self, folder: Path, what: str, names: list[str], advice: str) -> Path:
        if not folder.is_dir():
            known = ", ".join(names) or "none yet"
            raise UserError(f"there is no {what} in {self.root} (there are: {known}); {advice}")
        return folder


def guard_workspace(root: Path) -> None:
    """Let nothing in a workspace be written or deleted through a link by this process from now on."""
    for folder in ("faces", "runs", "out"):  # these may be links of the user's, what lies below may not
        guard(root / folder)


def _checked(name: str, what: str) -> str:
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise UserError(f"'{name}' cannot name {what}: use a plain name without slashes")
    return name


def _folders(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []
