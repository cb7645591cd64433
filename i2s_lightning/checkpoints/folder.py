"""A run folder belongs to one run at a time."""

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from i2s_lightning.errors import CheckpointError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a run folder; the operating system gives it free whenever and however the process ends.

    Raises:
        CheckpointError: Another process holds it.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("a+") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise CheckpointError(
                    f"{out} is in use by another run (process {holder}); wait for it or give another --out"
                ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def set_aside(out: Path) -> Path | None:
    """Rename a run folder, so that a new run can begin; nothing is deleted.

    Returns:
        Where it is now; None when there was none.
    """
    if not out.exists():
        return None
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    aside = out.with_name(f"{out.name}.{stamp}")
    out.rename(aside)
    return aside
