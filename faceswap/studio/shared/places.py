"""Which files the studio reads and writes: those of the workspace and of the named media folders, nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faceswap.media.listing import FILM_SUFFIXES, list_films, list_pictures
from faceswap.media.pictures.images import READ_SUFFIXES
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from faceswap.utils.limits import NAME_CHARACTERS

MEDIA = "media"  # the folder of the workspace that films are put into


@dataclass(frozen=True)
class Places:
    """The workspace, and the folders whose films and pictures may be read besides.

    Attributes:
        workspace: Where everything lies.
        folders: The media folders, resolved; the first is the workspace's own.
    """

    workspace: Workspace
    folders: tuple[Path, ...]

    @classmethod
    def of(cls, workspace: Path, media: Sequence[Path] = ()) -> Places:
        """Return the places of a workspace. Raises UserError for a media folder that is not there."""
        root = workspace.resolve()
        for folder in media:
            if not folder.is_dir():
                raise UserError(f"media={folder}: there is no such folder")
        return cls(Workspace(root), (root / MEDIA, *(folder.resolve() for folder in media)))

    def inside(self, text: str | Path) -> Path:
        """Return a file or folder by its path, links followed.

        Raises:
            UserError: It lies outside of the workspace and the media folders, or is not there.
        """
        if not str(text) or "\0" in str(text):
            raise UserError("name a file")
        path = Path(os.path.realpath(os.path.join(self.folders[0], os.path.expanduser(text))))
        if not any(path.is_relative_to(folder) for folder in (self.workspace.root, *self.folders)):
            raise UserError("that lies outside of the workspace and the media folders: say media=FOLDER at the start")
        if not path.exists():
            raise UserError(f"{path.name} is not there")
        return path

    def film(self, text: str | Path) -> Path:
        """Return a film or picture by its path. Raises UserError for anything else, and outside of the places."""
        path = self.inside(text)
        if not path.is_file() or path.suffix.lower() not in (*FILM_SUFFIXES, *READ_SUFFIXES):
            raise UserError("choose a film or a picture")
        return path

    def below(self, folder: Path, name: str) -> Path:
        """Return a file that lies in a folder of the workspace, by its plain name. Raises UserError."""
        if Path(name).name != name:
            raise UserError("that is no plain name")
        return self.inside(folder / name)

    def media(self) -> Iterator[Path]:
        """Yield the films and pictures of the media folders, then the results of the workspace."""
        for folder in self.folders:
            if folder.is_dir():
                yield from filter(is_text, (*list_films(folder), *list_pictures(folder)))

    def new_media(self, name: str) -> Path:
        """Return where a film or picture that is sent goes.

        Raises:
            UserError: Its name is not that of a film or picture, or is taken.
        """
        name = name.replace("\\", "/").rpartition("/")[2].strip()
        suffix = Path(name).suffix.lower()
        if suffix not in (*FILM_SUFFIXES, *READ_SUFFIXES) or name.startswith(".") or "\0" in name:
            raise UserError("send a film (.mp4, .mov, .mkv ...) or a picture (.jpg, .png ...)")
        if len(name.encode()) > NAME_CHARACTERS - 20 or not name.isprintable():
            raise UserError("choose a shorter, plain name for that file")
        path = self.folders[0] / name
        if path.exists():
            raise UserError(f"{name} is there already")
        return path


def is_text(path: Path) -> bool:
    """Tell whether a file's name is text, which pages and addresses can carry."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
