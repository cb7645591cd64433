"""The named tensors of a file: each taken once, as float32, and nothing left over."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError

from .problems import hostile, shown
from .stand_ins import NumpyArray, StoredTensor

_FLOATING = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
#: Numbers that tensors may share before a file counts as a bomb: honest ones share little or nothing.
_SHARING = 2
_SMALL = 2**22


class Weights:
    """What a file holds under names, read when asked for.

    Reading everything and then calling :meth:`finish` proves that a file is understood: what is missing, of another
    type or unknown ends in an error that names it.
    """

    def __init__(self, entries: Mapping[str, object], where: str) -> None:
        """Take over a table from a file.

        Args:
            entries: Names to tensors, unchecked.
            where: What the table is, for messages: ``g_ema``, ``Gs.synthesis``...
        """
        self.where = where
        self._entries: dict[str, object] = {}
        for name, value in entries.items():
            if not isinstance(name, str):
                raise UnsupportedWeightsError(
                    f"{where} has {shown(name)} where the name of a tensor should be. {_AGAIN}"
                )
            self._entries[name] = value
        sizes: dict[int, int] = {}
        for value in self._entries.values():
            if isinstance(value, StoredTensor):
                sizes[id(value.storage)] = value.storage.numel
            elif isinstance(value, NumpyArray):
                sizes[id(value)] = value.extent
        self._allowed = _SHARING * sum(sizes.values()) + _SMALL

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that stays."""
        value = self._value(name)
        if isinstance(value, StoredTensor):
            return value.size
        if isinstance(value, NumpyArray) and value.array is not None:
            return value.array.shape
        return ()

    def take(self, name: str, *, keep: bool = False) -> Tensor:
        """Read one tensor as float32 and strike it off.

        Args:
            name: Which.
            keep: Leave it for another time.

        Raises:
            UnsupportedWeightsError: It is missing, no tensor, not of floating point, or the tensors claim more numbers
                than the file has.
        """
        value = self._value(name)
        if not keep:
            del self._entries[name]
        self._allowed -= 1 if isinstance(value, float) else value.extent
        if self._allowed < 0:
            raise hostile(f"has {self.where}, whose tensors claim several times the numbers that are there")
        tensor = torch.tensor(value) if isinstance(value, float) else value.read()
        if tensor.dtype not in _FLOATING:
            kind = str(tensor.dtype).removeprefix("torch.")
            raise UnsupportedWeightsError(
                f"{self.where}: {shown(name)} holds {kind} numbers; weights are floating-point. A quantised file can't "
                "be used: get the original one"
            )
        return tensor.float()

    def drop(self, *names: str) -> None:
        """Strike off tensors that the file may have and the network does not need."""
        for name in names:
            self._entries.pop(name, None)

    def finish(self) -> None:
        """Complain about what nobody has asked for.

        Raises:
            UnsupportedWeightsError: Something is left: the network in the file is another than it looked.
        """
        if self._entries:
            some = ", ".join(shown(name) for name in list(self._entries)[:4])
            raise UnsupportedWeightsError(
                f"{self.where} has {len(self._entries)} tensors that no network of its kind has, first: {some}. It "
                "was made by a modified version of its code; save it with the original one"
            )

    def _value(self, name: str) -> StoredTensor | NumpyArray | float:
        if name not in self._entries:
            raise UnsupportedWeightsError(
                f"{self.where} lacks the tensor {shown(name)}; the file is incomplete. {_AGAIN}"
            )
        value = self._entries[name]
        if not isinstance(value, StoredTensor | NumpyArray | float):
            raise UnsupportedWeightsError(
                f"{self.where}: expected a tensor at {shown(name)}, got {shown(value)}. {_AGAIN}"
            )
        return value


_AGAIN = "Get it again from its source"


def without_prefix(entries: Mapping[str, object], prefix: str) -> dict[str, object]:
    """The entries under a prefix, without it; other entries are left out."""
    return {
        name.removeprefix(prefix): value
        for name, value in entries.items()
        if isinstance(name, str) and name.startswith(prefix)
    }
