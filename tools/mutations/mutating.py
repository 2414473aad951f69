"""One damage to one stored file: by bytes, by the values in it, or by what stands in its place."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from faceswap.utils.files.tensor_files import SUM_KEY, save_tensors

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 0.5, 2**31, 2**63, 10**30, 1e308, "", "a", "²", "1²", "\0", "../../x", "/dev/zero", "\x1b[2J"),
    *("nan", "9" * 400, "x" * 5000, [], {}, [None], {"a": 1}, [1, 2, 3], [[]], "\udcff", float("nan"), float("inf")),
)
_RAW = ("9" * 400, "1e999", "[" * 5000, '{"a":' * 200, "-", "²")  # no writer of JSON or YAML makes these


def cut(path: Path, choose: random.Random) -> None:
    """End the file early."""
    os.truncate(path, choose.randrange(path.stat().st_size) if path.stat().st_size else 0)


def zeroed(path: Path, choose: random.Random) -> None:
    """Make a run of bytes zero, as a disk does that lost a page."""
    content = bytearray(path.read_bytes())
    start = choose.randrange(len(content) + 1)
    end = min(len(content), start + choose.choice((1, 16, 512, 4096)))
    content[start:end] = bytes(end - start)
    path.write_bytes(content)


def bits(path: Path, choose: random.Random) -> None:
    """Turn some bits round."""
    content = bytearray(path.read_bytes())
    for _ in range(choose.choice((1, 1, 3, 20)) if content else 0):
        content[choose.randrange(min(len(content), choose.choice((64, 4096, len(content)))))] ^= 1 << choose.randrange(
            8
        )
    path.write_bytes(content)


def longer(path: Path, choose: random.Random) -> None:
    """Put something behind the end."""
    with open(path, "ab") as file:
        file.write(choose.choice((b"\0", b"\n", b"{}", b"\xff" * 100, b"\x1b]0;x\x07", path.read_bytes())))


def sizes(path: Path, choose: random.Random) -> None:
    """Make four bytes, or eight, say a size far beyond the file: of a chunk, a box, a record or a list."""
    content = bytearray(path.read_bytes())
    likely = [place for place in range(max(0, len(content) - 8)) if not content[place] and content[place + 3]]
    if content:
        place = choose.choice(likely or range(len(content)))
        huge = choose.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\xff\xff\xff", b"\0\0\0\1" + b"\x7f" * 8,
                              b"\0\0\0\0"))  # fmt: skip
        content[place : place + len(huge)] = huge
    path.write_bytes(content)


def value(path: Path, choose: random.Random) -> None:
    """Give a value in the file, of whatever kind, another type or size."""
    content = path.read_bytes()
    if path.suffix == ".safetensors":
        path.write_bytes(_with_header(content, choose))
    elif path.suffix in (".npy", ".npz"):
        _arrays(path, choose)
    elif path.suffix == ".jsonl":
        lines = content.splitlines(keepends=True)
        place = choose.randrange(len(lines))
        lines[place] = _json(lines[place], choose) + b"\n"
        path.write_bytes(b"".join(lines))
    elif path.suffix == ".json":
        path.write_bytes(_json(content, choose))
    elif path.suffix == ".sqlite":
        _row(path, choose)
    elif path.suffix == ".yaml":
        found = yaml.safe_load(content)
        _replace(found, choose)
        text = yaml.safe_dump(found, allow_unicode=False).replace("RAW", choose.choice(_RAW))
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    else:
        bits(path, choose)


def signed(path: Path, choose: random.Random) -> None:
    """Change weights or their description as somebody does who writes the sum anew; other files: see `value`."""
    if path.suffix != ".safetensors":
        return value(path, choose)
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}  # else they are the file itself
    with safe_open(path, framework="pt") as file:
        texts = {name: text for name, text in (file.metadata() or {}).items() if name != SUM_KEY}
    if texts and choose.random() < 0.5:
        name = choose.choice(sorted(texts))
        texts[name] = _json(texts[name].encode(), choose).decode("utf-8", "replace")
    else:
        name = choose.choice(sorted(tensors))
        odd: list[Callable[[Any], Any]] = [
            *(lambda t: t.double(), lambda t: t.long(), lambda t: t.half(), lambda t: t.reshape(-1)),
            *(lambda t: t * float("nan"), lambda t: t.float() * 1e38, lambda t: t[:0], lambda t: t.sum()),
        ]
        with suppress(RuntimeError, IndexError):
            tensors[name] = choose.choice(odd)(tensors[name])
        if choose.random() < 0.2:
            tensors[choose.choice(("x", "a/step", "trained/x"))] = tensors.pop(name)
    with suppress(SafetensorError, UnicodeError):
        save_tensors(tensors, path, texts)
    return None


def pipe(path: Path, choose: random.Random) -> None:
    """Put a pipe in its place, from which nothing ever comes."""
    path.unlink()
    os.mkfifo(path)


def folder(path: Path, choose: random.Random) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


def missing(path: Path, choose: random.Random) -> None:
    """Take it away."""
    path.unlink()


def closed(path: Path, choose: random.Random) -> None:
    """Allow nobody to read it; whoever runs as root has to give up root's rights besides (rights.py)."""
    path.chmod(0)


def digits(path: Path, choose: random.Random) -> None:
    """Name its folder, or itself, with a digit that is none to int()."""
    if path.parent.name.isdecimal():
        shutil.move(path.parent, path.parent.with_name(path.parent.name[:-1] + "²"))
    else:
        path.rename(path.with_name("²" + path.name))


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    kind.__name__: kind
    for kind in (cut, zeroed, bits, sizes, longer, value, value, value, signed, pipe, folder, missing, closed, digits)
}
WEIGHTS = {"value": 5, "signed": 3, "bits": 3}  # the others count once


def _json(content: bytes, choose: random.Random) -> bytes:
    """Return a JSON text with one value exchanged."""
    try:
        found = json.loads(content)
    except ValueError:
        return content + b"}"
    if not isinstance(found, dict | list) or choose.random() < 0.05:
        found = choose.choice(ODD)
    else:
        _replace(found, choose)
    return json.dumps(found).replace('"RAW"', choose.choice(_RAW)).encode()


def _replace(found: Any, choose: random.Random) -> None:
    """Exchange a value somewhere in nested tables and lists; texts that are JSON are gone into."""
    while True:
        places = list(found) if isinstance(found, dict) else list(range(len(found)))
        if not places:
            return
        place = choose.choice(places)
        inner = found[place]
        if isinstance(inner, dict | list) and inner and choose.random() < 0.8:
            found = inner
            continue
        if isinstance(inner, str) and inner[:1] in ("{", "[") and choose.random() < 0.8:
            found[place] = _json(inner.encode(), choose).decode("utf-8", "replace")
        elif isinstance(found, dict) and choose.random() < 0.15:
            found[choose.choice(("²", "", "a" * 300, "\0", "format", "_target_"))] = found.pop(place)
        else:
            found[place] = "RAW" if choose.random() < 0.2 else choose.choice(ODD)
        return


def _with_header(content: bytes, choose: random.Random) -> bytes:
    """Return a safetensors file with one value of its header exchanged."""
    length = int.from_bytes(content[:8], "little")
    header = _json(content[8 : 8 + length], choose)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def _row(path: Path, choose: random.Random) -> None:
    """Put a value of any kind into a column of a row, behind the back of those who keep the database."""
    with closing(sqlite3.connect(path)) as database, database:
        database.text_factory = bytes
        (row,) = choose.choice(database.execute("SELECT rowid FROM jobs").fetchall())
        columns = [name.decode() for _, name, *_ in database.execute("PRAGMA table_info(jobs)")]
        odd = [one for one in ODD if isinstance(one, str | float | None) or (type(one) is int and abs(one) < 2**63)]
        made = [*odd, b"\xff\0", "[" * 5000, '{"a": 1}', "[7]", '["--help"]', "../../x"]
        with suppress(sqlite3.Error, UnicodeEncodeError, OverflowError):
            database.execute(
                f"UPDATE jobs SET {choose.choice(columns)} = ? WHERE rowid = ?", (choose.choice(made), row)
            )


def _arrays(path: Path, choose: random.Random) -> None:
    """Give one array another type, shape or content; objects would be pickled ones."""
    odd: list[Callable[[Any], Any]] = [
        *(lambda a: a.astype(object), lambda a: a.astype(np.float64), lambda a: a.astype("U5"), lambda a: a[..., None]),
        *(lambda a: a.reshape(-1), lambda a: a[:0], lambda a: np.array(1), lambda a: a.astype(np.float64) * np.nan),
        *(lambda a: a.astype(np.float64) * 1e300, lambda a: a.astype(np.int64) - 5, lambda a: a.astype(complex)),
    ]
    with np.errstate(all="ignore"), suppress(ValueError, TypeError, IndexError):
        if path.suffix == ".npy":
            np.save(path, choose.choice(odd)(np.load(path)))
            return
        with np.load(path) as stored:
            arrays = dict(stored)
        name = choose.choice(sorted(arrays))
        arrays[name] = choose.choice(odd)(arrays[name])
        np.savez(path, **arrays)
