"""What a step keeps for its gradient."""

import gc
from collections.abc import Callable

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef


def saved_bytes(step: Callable[[], object]) -> int:
    """Count the bytes that autograd saves during one step; each storage counts once.

    What outlives the step (weights, frozen buffers, prepared weights, the targets' features) is left out: it would be
    there without a gradient.
    """
    storages: dict[int, tuple[StorageWeakRef, int]] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        # A weak reference lets the memory go but keeps its number from being given to another storage.
        storages[storage._cdata] = StorageWeakRef(storage), storage.nbytes()  # type: ignore[no-untyped-call]
        return tensor.detach()  # a node that held its own result with its history would hold itself

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    gc.collect()
    return sum(size for storage, size in storages.values() if storage.expired())  # type: ignore[no-untyped-call,misc]
