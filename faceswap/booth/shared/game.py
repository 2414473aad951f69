"""The game "real or generated?": pictures of both kinds in one size, answers, the best of the evening."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import delete, select

from faceswap.booth.shared.tables import Game
from faceswap.jobs.database import Database
from faceswap.lookalike.gallery import Gallery
from faceswap.media.listing import list_pictures
from faceswap.media.pictures.images import encode_image, read_image
from faceswap.utils.errors import UserError
from faceswap.utils.files.links import own_folder

REAL, GENERATED = "real", "generated"
QUESTIONS, SIDE_PX, COARSE_PX = 10, 320, 64
BEST = 10  # in the hall of fame


class GameRoom:
    """The pictures and the rounds.

    Args:
        database: Where rounds are kept.
        folder: Holds the prepared pictures, in real/ and generated/.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        for kind in (REAL, GENERATED):
            own_folder(folder / kind)

    def pictures(self, kind: str) -> list[str]:
        """Return the names of the pictures of a kind."""
        return [f"{kind}/{path.name}" for path in sorted((self.folder / kind).glob("*.jpg"))]

    @property
    def is_open(self) -> bool:
        """Whether there are enough pictures of both kinds."""
        return all(len(self.pictures(kind)) >= QUESTIONS // 2 for kind in (REAL, GENERATED))

    def begin(self) -> Game:
        """Return a new round: pictures of both kinds in an order that nobody can know. Raises UserError without any."""
        if not self.is_open:
            raise UserError("the game is not ready yet: its pictures are still being drawn")
        dice = random.SystemRandom()
        count = dice.randint(QUESTIONS // 2 - 1, QUESTIONS // 2 + 1)
        chosen = self._some(REAL, count, dice) + self._some(GENERATED, QUESTIONS - count, dice)
        dice.shuffle(chosen)
        game = Game(pictures=chosen, answers=[])
        with self.database.writing() as session:
            session.add(game)
        return game

    def get(self, game_id: str) -> Game:
        """Return a round. Raises UserError where there is none."""
        with self.database.reading() as session:
            game = session.get(Game, game_id)
        if game is None:
            raise UserError("there is no such round; begin a new one")
        return game

    def answer(self, game_id: str, number: int, said: str) -> Game:
        """Write down what is said of the next picture; said twice it counts once. Raises UserError for nonsense."""
        if said not in (REAL, GENERATED):
            raise UserError("say real or generated")
        with self.database.writing() as session:
            game = session.get(Game, game_id)
            if game is None:
                raise UserError("there is no such round; begin a new one")
            if number == len(game.answers) < len(game.pictures):
                game.right += said == kind_of(game.pictures[number])
                game.answers = [*game.answers, said]
        return game

    def sign(self, game_id: str, name: str) -> None:
        """Put a finished round under a name. Raises UserError for one that is not finished, or has a name."""
        with self.database.writing() as session:
            game = session.get(Game, game_id)
            if game is None or len(game.answers) < len(game.pictures) or game.name:
                raise UserError("that round cannot be entered")
            game.name = name

    def best(self) -> list[Game]:
        """Return the hall of fame: rounds with a name, the best first."""
        chosen = select(Game).where(Game.name != "").order_by(Game.right.desc(), Game.created).limit(BEST)
        with self.database.reading() as session:
            return list(session.scalars(chosen))

    def clear(self) -> None:
        """Empty the hall of fame."""
        with self.database.writing() as session:
            session.execute(delete(Game))

    def delete_old(self, keep_hours: float) -> None:
        """Delete rounds that are older."""
        with self.database.writing() as session:
            session.execute(delete(Game).where(Game.created < time.time() - keep_hours * 3600))

    def picture(self, game: Game, number: int) -> Path:
        """Return the file of a round's picture, asked already or to be asked now. Raises UserError for a later one."""
        if not 0 <= number <= min(len(game.answers), len(game.pictures) - 1):
            raise UserError("there is no such picture")
        path = self.folder / game.pictures[number]
        if not path.is_file():
            raise UserError("that picture is gone")
        return path

    def _some(self, kind: str, count: int, dice: random.SystemRandom) -> list[str]:
        there = self.pictures(kind)
        return dice.sample(there, min(count, len(there)))


def kind_of(picture: str) -> str:
    """Return what a picture is: real or generated."""
    return picture.partition("/")[0]


def prepare(room: GameRoom, real: Sequence[np.ndarray], generated: Sequence[np.ndarray], coarse_px: int) -> None:
    """Keep pictures (H, W, 3) of both kinds so that nothing but the face tells them apart: one size, one sharpness.

    Args:
        room: Whose pictures they become.
        real: Pictures of the first kind.
        generated: Pictures of the second kind.
        coarse_px: All are made as small as that before they are shown.
    """
    for kind, pictures in ((REAL, real), (GENERATED, generated)):
        for number, picture in enumerate(pictures):
            side = min(picture.shape[:2])
            top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
            square = picture[top : top + side, left : left + side]
            small = cv2.resize(square, (coarse_px, coarse_px), interpolation=cv2.INTER_AREA)
            shown = np.asarray(cv2.resize(small, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
            # the answer is not in the file; the page tells it afterwards
            (room.folder / kind / f"{number:03d}.jpg").write_bytes(encode_image(shown, ".jpg", quality=90, metadata={}))


def owners_pictures(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the owner's pictures of both kinds. Raises UserError for a folder without them."""
    both = []
    for kind in (REAL, GENERATED):
        paths = list_pictures(folder / kind) if (folder / kind).is_dir() else []
        if len(paths) < QUESTIONS // 2:
            raise UserError(f"game={folder}: put {QUESTIONS // 2} pictures or more into {kind}/ of it")
        both.append([read_image(path) for path in paths[:100]])
    return both[0], both[1]


def gallerys_pictures(gallery: Gallery, count: int) -> list[np.ndarray]:
    """Return pictures of some people of a gallery, spread over it."""
    step = max(1, len(gallery.photos) // count)
    return [photo.picture() for photo in gallery.photos[::step][:count]]
