"""The sheet of a film's people: one HTML page with a picture of each, when they are seen, and their numbers."""

from __future__ import annotations

import base64
import html
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import likeness, packed
from faceswap.curation.film_people import FilmPeople, FilmPerson
from faceswap.media.pictures.crops import read_crop
from faceswap.utils.errors import UserError

PICTURE_PX = 192
PICTURES = 4  # of each person: the clearest, and some spread over the film
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}section{display:flex;flex-wrap:wrap;gap:1rem;align-items:center;padding:1rem 0;"
    "border-top:1px solid #ccc}img{width:8rem;height:8rem;object-fit:cover;margin-right:.25rem}"
    "h2{font-size:1.1rem;margin:0}p{margin:.25rem 0;max-width:28rem}code{background:#eee;padding:.1rem .3rem}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}code{background:#333}}"
)


def told(found: FilmPeople) -> list[dict[str, Any]]:
    """Return what is known of each person, as plain values for JSON.

    `number`, `faces`; of each film with its number from 0: `frames` as runs, `from_seconds`, `to_seconds`; `tracks`,
    `picture` (a file of the face set), `embedding` (see `core.embeddings.packed`), and the most alike other person.
    """
    records = found.inventory.records
    lines = []
    for person in found.people:
        own = [records[face] for face in person.faces]
        films = []
        for film in sorted({record.source for record in own}):
            there = [record for record in own if record.source == film]
            seconds = [record.time_seconds for record in there]
            frames = _runs(sorted({record.frame for record in there}))
            films.append({"film": film, "frames": frames, "from_seconds": min(seconds), "to_seconds": max(seconds)})
        others = [
            (likeness(person.embedding, other.embedding), other.number) for other in found.people if other is not person
        ]
        value, number = max(others, default=(0.0, 0))
        most_alike = {"number": number, "likeness": round(value, 3)} if others else None
        lines.append({
            "number": person.number, "faces": len(own), "films": films,
            "tracks": sorted({record.track for record in own}), "picture": records[person.picture].file,
            "embedding": packed(person.embedding), "most_alike": most_alike,
        })  # fmt: skip
    return lines


def people_html(found: FilmPeople, film: str) -> str:
    """Return the whole page; its pictures are within it."""
    parts = [_section(found, person, line) for person, line in zip(found.people, told(found), strict=True)]
    title = html.escape(f"People in {film}")
    pairs = ", ".join(f"{person.number}: RUN" for person in found.people[:2])
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>The numbers say in convert who becomes whom: <code>map='{{{pairs}}}'</code> or <code>only=1</code>. "
        "A person whose pictures look too different may be listed twice: name both numbers.</p>"
        f"{''.join(parts)}</body></html>\n"
    )


def _section(found: FilmPeople, person: FilmPerson, line: dict[str, Any]) -> str:
    spread = [int(person.faces[i]) for i in np.linspace(0, len(person.faces) - 1, PICTURES - 1).astype(int)]
    shown = list(dict.fromkeys([person.picture, *spread]))
    images = "".join(
        f"<img alt='person {person.number}' src='data:image/jpeg;base64,{text}'>"
        for face in shown
        if (text := _picture(found, face))
    )
    several = len({record.source for record in found.inventory.records}) > 1
    seen = "; ".join(
        (f"film {film['film'] + 1}, " if several else "")
        + f"{film['from_seconds']:.1f} to {film['to_seconds']:.1f} s (frames {_shortened(film['frames'])})"
        for film in line["films"]
    )
    alike = line["most_alike"]
    near = f"<p>Most alike: person {alike['number']} ({alike['likeness']:.2f})</p>" if alike else ""
    return (
        f"<section><div>{images}</div><div><h2>Person {person.number}</h2>"
        f"<p>{line['faces']} faces, {html.escape(seen)}</p>{near}</div></section>"
    )


def _picture(found: FilmPeople, face: int) -> str:
    """Return a face as base64 of a JPEG; empty where its file cannot be read."""
    try:
        crop: NDArray = read_crop(found.inventory.path(face), found.inventory.records[face].size_px)
    except UserError:
        return ""
    small = cv2.resize(crop, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)
    return base64.b64encode(cv2.imencode(".jpg", small[..., ::-1])[1].tobytes()).decode("ascii")


def _runs(frames: list[int]) -> list[str]:
    breaks = np.flatnonzero(np.diff(frames) > 1) + 1
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in np.split(np.array(frames), breaks)]


def _shortened(runs: list[str], most: int = 6) -> str:
    return ", ".join(runs[:most]) + (f" and {len(runs) - most} more" if len(runs) > most else "")
