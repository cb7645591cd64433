"""Frozen networks are buffers: nothing to optimise, nothing to save, nothing to synchronise."""

from typing import TypeVar

from torch import nn

M = TypeVar("M", bound=nn.Module)


def freeze(module: M) -> M:
    """Turn every parameter into a non-persistent buffer, in place.

    Afterwards ``parameters()`` and ``state_dict()`` are empty, so that optimisers, checkpoints and distributed wrappers
    see nothing, while ``.to()``, ``.double()``, ``channels_last``, ``deepcopy`` and ``compile`` still work. Shared
    parameters stay shared.

    Args:
        module: Any module.

    Returns:
        The same module in eval mode.

    Example:
        >>> layer = freeze(nn.Linear(2, 3))
        >>> len(list(layer.parameters())), len(layer.state_dict()), sorted(dict(layer.named_buffers()))
        (0, 0, ['bias', 'weight'])
    """
    for child in module.modules():
        for name, parameter in list(child._parameters.items()):
            del child._parameters[name]
            child.register_buffer(name, None if parameter is None else parameter.detach(), persistent=False)
        child._non_persistent_buffers_set.update(child._buffers)
    return module.eval()
