"""How many pictures fit into memory."""

import gc
import os
from collections.abc import Callable

import torch

from i2s_lightning.tasks.parts import is_out_of_memory

MOST = 64
"""Rows beyond this gain nothing on any device that we have measured, and make a round's end uneven."""
SHARE = 0.35
"""Part of the free memory that a step may keep for its gradient; temporaries take up to 1.5 times as much."""


def fitting(trial: Callable[[int], None], wanted: int, device: torch.device) -> int:
    """Find a batch size.

    Args:
        trial: Makes one step's forward and backward for so many pictures.
        wanted: No more than this are of use.
        device: Where.

    Returns:
        A power of two, or ``wanted``, that fits: by trying on a GPU, from the memory that a single picture's graph
        takes on the CPU (where trying too much would have the system kill us).

    Raises:
        RuntimeError: Not even one picture fits.
    """
    most = min(wanted, MOST)
    if device.type != "cuda":
        affordable = int(SHARE * available_memory()) // max(1, graph_bytes(lambda: trial(1)))
        return max(1, min(most, _power_of_two(affordable)))
    while True:
        try:
            trial(most)
        except RuntimeError as error:
            if most == 1 or not is_out_of_memory(error):
                raise
        else:
            return most
        most = _power_of_two(most - 1)
        gc.collect()
        torch.cuda.empty_cache()


def graph_bytes(step: Callable[[], None]) -> int:
    """Count the bytes that a step keeps for its backward pass, each storage once."""
    storages: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    return sum(storages.values())


def available_memory() -> int:
    """Bytes of main memory that are free; on systems that don't tell, a cautious 2 GiB."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2 << 30


def _power_of_two(number: int) -> int:
    return 1 << max(0, number.bit_length() - 1)
