"""Keeping freed memory for the next step, where the C library would give it back to the system."""

import ctypes
import sys

import pytorch_lightning as pl

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # malloc.h of glibc


class KeepHeap(pl.Callback):
    """Tells glibc to keep what ``fit`` frees.

    A step frees its feature maps and the next one asks for as many. glibc maps large ones from the system each time,
    which clears them page by page: up to half of a step's time. It concerns the whole process, so nothing does it but
    this callback, in each process that trains; its price is that memory, once used, stays with the process.
    """

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Begin to keep, and say so once."""
        if stage == "fit" and keep_heap() and trainer.is_global_zero:
            sys.stderr.write("Freed memory is kept for the next step (--keep_heap false gives it back to the system)\n")


def keep_heap() -> bool:
    """Let malloc serve large requests from the heap and never shrink it.

    Returns:
        Whether it could be done: glibc alone has these settings.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return all(library.mallopt(key, value) == 1 for key, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1)))
