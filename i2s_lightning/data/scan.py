"""Read every picture once before the work starts: what can't be read is said at once, not hours later."""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from i2s_lightning.data.decode import decode_picture, read_bytes
from i2s_lightning.data.listing import Picture
from i2s_lightning.errors import ImageError

logger = logging.getLogger(__name__)

_BATCH = 256  # pictures handed to the threads at a time: bounds what waits in memory
_SHOWN = 20  # files that an error names


@dataclass(frozen=True, slots=True)
class CheckedPicture(Picture):
    """A picture that can be read.

    Attributes:
        sha256: Of the file's bytes, in hexadecimal: what the picture is, wherever it lies.
    """

    sha256: str


@dataclass(frozen=True, slots=True)
class BadPicture(Picture):
    """A picture that can't be read.

    Attributes:
        reason: What was expected, what came, what to do.
    """

    reason: str


def scan_pictures(
    pictures: Sequence[Picture], *, progress: Callable[[int, int], None] | None = None
) -> list[CheckedPicture | BadPicture]:
    """Decode every picture completely and hash its file, in one read each; pixels are not kept.

    Args:
        pictures: As :func:`list_pictures` returns them.
        progress: Called in this thread after each picture, with the number done and the number in all.

    Returns:
        One entry a picture, in order.
    """
    found: list[CheckedPicture | BadPicture] = []
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:  # decoded pictures can be large: few at a time
        for start in range(0, len(pictures), _BATCH):
            for entry in pool.map(_scan, pictures[start : start + _BATCH]):
                found.append(entry)
                if progress is not None:
                    progress(len(found), len(pictures))
    return found


def check_pictures(
    pictures: Sequence[Picture],
    on_bad: Literal["error", "skip"] = "error",
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[CheckedPicture], list[BadPicture]]:
    """Sort pictures into those that can be read and those that can't.

    Args:
        pictures: As :func:`list_pictures` returns them.
        on_bad: ``error`` refuses any unreadable picture; ``skip`` goes on with the others.
        progress: As in :func:`scan_pictures`.

    Returns:
        The readable pictures, at least one, and the unreadable ones.

    Raises:
        ImageError: Some picture (with ``skip``: every picture) can't be read; names them all, up to 20, with reasons.
    """
    found = scan_pictures(pictures, progress=progress)
    good = [entry for entry in found if isinstance(entry, CheckedPicture)]
    bad = [entry for entry in found if isinstance(entry, BadPicture)]
    if bad and (on_bad == "error" or not good):
        remedy = (
            "Repair or remove them, or embed the others with on_bad_image: skip." if good else "Name other pictures."
        )
        raise ImageError(f"{len(bad)} of {len(found)} pictures can't be read:\n{_table(bad)}\n{remedy}")
    if bad:
        logger.warning("skipped %d of %d pictures that can't be read:\n%s", len(bad), len(found), _table(bad))
    return good, bad


def _scan(picture: Picture) -> CheckedPicture | BadPicture:
    try:
        data = read_bytes(picture.path)
        decode_picture(data, 3, name=str(picture.path))
    except ImageError as error:
        return BadPicture(picture.name, picture.path, str(error))
    return CheckedPicture(picture.name, picture.path, hashlib.sha256(data).hexdigest())


def _table(bad: list[BadPicture]) -> str:
    lines = [f"  {entry.path}: {entry.reason}" for entry in bad[:_SHOWN]]
    rest = len(bad) - _SHOWN
    return "\n".join([*lines, f"  ... and {rest} more"] if rest > 0 else lines)
