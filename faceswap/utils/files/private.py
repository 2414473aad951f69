"""Files for their owner's eyes alone, such as keys."""

from __future__ import annotations

import os
from pathlib import Path

from faceswap.utils.files.temporary import sweep, temp_path


def keep_private(path: Path, content: bytes, *, replace: bool = False) -> bool:
    """Store a file whole, with mode 0600, in a folder that is made with mode 0700 where it is missing.

    Args:
        path: Where it is kept.
        content: What it holds.
        replace: Whether it takes the place of a file that is there.

    Returns:
        Whether it is kept; False when there is a file of that name already, of another process perhaps.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temp = temp_path(path)
    sweep(path.parent)
    try:
        with open(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(temp, path)
        else:
            os.link(temp, path)  # fails where another was first, which a rename would overwrite
        return True
    except FileExistsError:
        return False
    finally:
        temp.unlink(missing_ok=True)
