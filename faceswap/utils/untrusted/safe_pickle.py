"""Read pickles of plain data and numpy arrays without running any code from them.

Python's own unpickler imports and calls whatever the file names. Other programs store alignments and weights as
pickles, so this module interprets the opcodes of plain data itself: None, bools, numbers, strings, bytes, lists,
tuples, sets (as lists), dicts with plain keys, and numpy arrays and scalars, whose few constructors are recognised by
name. A reader of another format adds globals of its own (`SafeGlobals`). Everything else is refused. Memory stays below
a small multiple of the file's size, and the number of steps is bounded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from faceswap.utils.limits import PLAIN_STEPS
from faceswap.utils.untrusted.pickle_arrays import NUMPY_NAMES
from faceswap.utils.untrusted.pickle_interpreter import PickleError, PickleInterpreter, SafeGlobals


def loads(data: bytes) -> Any:
    """Return the value in a pickle.

    Raises:
        PickleError: It is damaged or holds anything but plain data.
    """
    return load_at(data)[0]


def load_at(
    data: bytes,
    position: int = 0,
    names: SafeGlobals | None = None,
    persistent: Callable[[Any], Any] | None = None,
    most_steps: int = PLAIN_STEPS,
) -> tuple[Any, int]:
    """Return the value in the pickle that begins at `position`, and the position behind it.

    `names` it may ask for besides numpy's; `persistent` gives the objects that it only refers to (none by default).
    """
    interpreter = PickleInterpreter(data, position, {**NUMPY_NAMES, **(names or {})}, persistent, most_steps)
    try:
        return interpreter.run(), interpreter.position + 1
    except PickleError:
        raise
    except (struct.error, LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise PickleError(f"it is damaged ({type(error).__name__})") from error
