"""The curation sheet: one self-contained HTML file to view faces and mark those to remove."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shlex
from importlib import resources
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_set import REMOVED
from faceswap.curation.flags import REASONS, Flags
from faceswap.curation.inventory import FaceInventory
from faceswap.utils.choices import FACE_ORDERS

# Landmarks are written with two characters a coordinate: 4096 steps over these parts of the crop's width.
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_FROM, _TO, _STEPS = -0.5, 1.5, 4096
_DECIMALS = {"brightness": 0, "size": 0, "yaw": 1, "pitch": 1, "roll": 1, "frame": 0, "track": 0}


def sheet_html(inventory: FaceInventory, flags: Flags, sort: str) -> str:
    """Return the whole page. It shows the image files beside it and asks nothing of the network."""
    style, script = _part("sheet.css"), _part("sheet.js")
    # The page says itself that it runs this one script and loads nothing but pictures from where it lies.
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {
        "script_hash": allowed,
        "title": html.escape(_shown(inventory.name)),
        "style": style,
        "script": script,
        "data": _for_script(sheet_data(inventory, flags, sort)),
    }
    return re.sub(
        r"\{\{(\w+)\}\}", lambda found: values[found[1]], _part("sheet.html")
    )  # once: names may hold {{data}}


def sheet_data(inventory: FaceInventory, flags: Flags, sort: str) -> dict:
    """Return what the page knows: one list a column, as long as there are faces."""
    files = inventory.files
    bits = np.zeros(len(inventory), int)
    for place, reason in enumerate(REASONS):
        bits += flags.against[reason].astype(int) << place
    # A prefix keeps a name like "javascript:x.jpg" a file name.
    # Without an embedder all are alike: a column of zeros would only be in the way.
    columns = {name: column for name, column in flags.columns.items() if name != "likeness" or column.any()}
    addresses = [quote(os.fsencode(file), safe="") for file in files]
    return {
        "name": inventory.name,
        "command": _command(inventory),
        "fingerprint": inventory.fingerprint(),
        "sort": sort,
        "orders": [name for name in FACE_ORDERS if name in columns or name == "person"],
        "reasons": REASONS,
        "removedFolder": REMOVED,
        "files": files,
        "addresses": {i: address for i, address in enumerate(addresses) if address != files[i]},
        "person": flags.person.tolist(),
        "columns": {name: _rounded(column, _DECIMALS.get(name, 3)) for name, column in columns.items()},
        "against": bits.tolist(),
        "sameAs": flags.same_as.tolist(),
        "details": {i: detail for i, detail in enumerate(flags.details) if detail},
        "removed": np.flatnonzero(inventory.removed).tolist(),
        "points": [pack_points(record.crop_points, record.size_px) for record in inventory.records],
    }


def _command(inventory: FaceInventory) -> str:
    """Return what takes out the marked faces, from whatever folder it is typed in; browsers save into Downloads."""
    workspace = os.path.abspath(inventory.folder.parent.parent)
    told = [f"workspace={workspace}", f"faces={inventory.name}", "apply=~/Downloads/rejects.json"]
    return "python -m faceswap.curate " + " ".join(map(shlex.quote, told))


def pack_points(points: NDArray, size_px: int) -> str:
    """Return 68 points in crop pixels as 272 characters.

    What lies further out than half a crop is drawn at its edge.
    """
    parts = (np.asarray(points, np.float64).ravel() + 0.5) / size_px
    steps = np.clip((parts - _FROM) / (_TO - _FROM) * _STEPS, 0, _STEPS - 1).astype(int)
    return "".join(_DIGITS[step >> 6] + _DIGITS[step & 63] for step in steps)


def _rounded(column: NDArray, decimals: int) -> list:
    values = np.round(column.astype(np.float64), decimals)
    return (values.astype(int) if decimals == 0 else values).tolist()


def _for_script(data: dict) -> str:
    """Return JSON that cannot end the script element it stands in, whatever the files are called."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _shown(name: str) -> str:
    """Return a name as UTF-8 can show it."""
    return os.fsencode(name).decode(errors="replace")


def _part(name: str) -> str:
    return resources.files("faceswap.curation").joinpath(name).read_text(encoding="utf-8")
