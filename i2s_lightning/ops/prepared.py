"""What is computed from constant tensors once and used many times."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Prepared(Generic[T]):
    """Keeps what a function made of some tensors for as long as they stay the same.

    "The same" means their memory, precision and device, and that nobody wrote into them. Kept beside a module's tensors
    rather than among its buffers: it is neither saved, nor hashed, nor moved.

    Args:
        make: From the tensors, converted to a precision, to anything.

    Example:
        >>> doubled = Prepared(lambda a: a * 2)
        >>> weight = torch.ones(1)
        >>> doubled(torch.float32, weight) is doubled(torch.float32, weight)
        True
        >>> doubled(torch.float32, weight.add_(1))
        tensor([4.])
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._key: tuple[Any, ...] = ()
        self._sources: tuple[Tensor, ...] = ()  # held, lest their memory be given to others that look the same
        self._value: T | None = None

    def __call__(self, dtype: torch.dtype, *sources: Tensor) -> T:
        """Give the value for ``sources`` in precision ``dtype``."""
        key = (dtype, *((t.data_ptr(), _version(t), t.dtype, t.device, t.shape, t.stride()) for t in sources))
        if self._value is None or key != self._key:
            # Made outside of inference mode, whose tensors can't take part in a gradient later.
            with torch.inference_mode(False), torch.no_grad():
                self._value = self._make(*(t.detach().clone().to(dtype) for t in sources))
            self._key, self._sources = key, tuple(t.detach() for t in sources)
        return self._value

    def __deepcopy__(self, memo: Any) -> "Prepared[T]":
        return Prepared(self._make)


def constant(*tensors: Tensor | None) -> bool:
    """Tell whether what was made of tensors may be kept: none of them learns.

    Not while ``torch.compile`` looks on, which can't see through prepared weights and fuses plain operations by itself.

    Example:
        >>> constant(torch.zeros(1), None), constant(torch.zeros(1, requires_grad=True))
        (True, False)
    """
    return not torch.compiler.is_compiling() and not any(t is not None and t.requires_grad for t in tensors)


def working_dtype(x: Tensor) -> torch.dtype:
    """Tell the precision in which a convolution of ``x`` would run: autocast's, or its own.

    Example:
        >>> with torch.autocast("cpu", torch.bfloat16):
        ...     working_dtype(torch.zeros(1))
        torch.bfloat16
    """
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
