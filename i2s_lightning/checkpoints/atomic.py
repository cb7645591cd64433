"""Files that are either whole or absent: written beside their target, synced, then renamed over it."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_DRAFT = re.compile(r"\..*\.\d+\.tmp(\.[^.]*)?$")
_PROBE = 1 << 16


@contextmanager
def replacing(path: Path, *, settle: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to; rename it over ``path`` when the block ends well.

    Whoever reads ``path`` sees the old file or the new one, never a part, whenever the process or the machine dies.
    The temporary file lies in the same folder (renaming is only atomic within a file system) and keeps the ending (some
    writers choose the format by it).

    Args:
        path: The file to create or replace; its folder is created.
        settle: Wait until the file's name is on the disk, too. Without it a power cut (not a kill) may lose the whole
            file, though it never leaves part of one: for files that can be made again, at half the cost.

    Yields:
        The path to write to.

    Raises:
        OSError: The disk is full, the folder is not writable...; ``path`` is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield draft
        draft.chmod(0o666 & ~_umask())  # some writers make files that only their owner may read
        _sync(draft)
        draft.replace(path)
        if settle:
            _sync(path.parent)  # the rename itself must survive a power cut
    except Exception as error:
        _ask_disk(draft, error)
        raise
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    with replacing(path) as draft:
        draft.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def sweep_drafts(folder: Path) -> None:
    """Delete what killed processes left half written in ``folder`` and below; nobody may be writing there."""
    for parent, _, names in os.walk(folder):
        for name in filter(_DRAFT.match, names):
            Path(parent, name).unlink(missing_ok=True)


def _ask_disk(draft: Path, error: Exception) -> None:
    """Raise ``OSError`` where a library told its number in words (safetensors), or only that it could not write."""
    if isinstance(error, OSError):
        return
    if told := re.search(r"\(os error (\d+)\)", str(error)):
        number = int(told[1])
        raise OSError(number, os.strerror(number)) from error
    if not draft.exists():
        return
    try:
        with draft.open("ab") as file:
            file.write(bytes(_PROBE))
    except OSError as reason:
        raise reason from error


def _umask() -> int:
    mask = os.umask(0)  # the only way to read it is to set it
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle to a folder that could be synced
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
