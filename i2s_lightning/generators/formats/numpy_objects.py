"""Pickled tables inside ``.npy`` files (``np.save`` of a dict): plain arrays by name, and nothing else."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from .known import FILLERS, TABLE, Known
from .opcodes import Budget
from .pickle_reader import read_pickle
from .problems import damaged
from .stand_ins import NumpyArray
from .weights import Weights

_RECONSTRUCT = ("numpy.core.multiarray", "numpy._core.multiarray")


@dataclass(slots=True)
class _Objects:
    """An array in the making, of numbers or of other values."""

    numbers: NumpyArray = field(default_factory=NumpyArray)
    items: list[Any] | None = None


def read_table(data: memoryview, start: int) -> dict[str, Tensor]:
    """Read the pickle of an ``.npy`` file that holds one dict of arrays, or of lists of arrays.

    Args:
        data: The file.
        start: Where its header ends.

    Returns:
        By name, the array or the last of the list.

    Raises:
        UnsupportedWeightsError: It holds anything else.
    """
    known = {(module, "_reconstruct"): Known(f"{module}._reconstruct", call=_array) for module in _RECONSTRUCT}
    fillers = {**FILLERS, _Objects: _fill}
    root, _ = read_pickle(data, start, table={**TABLE, **known}, fillers=fillers, budget=Budget())
    table = root.items[0] if isinstance(root, _Objects) and root.items is not None and len(root.items) == 1 else None
    if not isinstance(table, dict):
        raise damaged("its array holds something else than one table")
    last = {str(name): value[-1] if isinstance(value, list) and value else value for name, value in table.items()}
    arrays = {name: value.numbers for name, value in last.items() if isinstance(value, _Objects)}
    weights = Weights(arrays, "the table")
    if len(arrays) != len(table):
        raise damaged("its table holds something else than arrays")
    return {name: weights.take(name) for name in arrays}


def _array(kind: object, shape: object, code: object) -> _Objects:
    return _Objects()


def _fill(target: _Objects, state: object) -> None:
    if isinstance(state, tuple) and len(state) == 5 and isinstance(state[4], list):
        target.items = state[4]
    else:
        FILLERS[NumpyArray](target.numbers, state)
