"""The complete list of names that may occur in a generator's file, and the inert value that each one becomes.

Facts about which names occur: every file format in ``docs/generators.md``, written by the projects' own code with torch
1.7 to 2.13 and numpy 1.16 to 2.4.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from i2s_lightning.errors import UnsupportedWeightsError

from .problems import damaged, hostile, shown
from .stand_ins import (
    Attributes,
    NumpyArray,
    NumpyType,
    NvidiaObject,
    StoredTensor,
    TensorFlowNetwork,
    stored_tensor,
)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A name that may occur in a file, and what it stands for.

    Attributes:
        name: As in the file, for messages.
        call: Makes the value when the file "calls" it with arguments (REDUCE); None forbids that.
        new: Makes the empty value when the file "creates" it (NEWOBJ, without arguments); None forbids that.
        dtype: For torch's storage types, their numbers.
    """

    name: str
    call: Callable[..., object] | None = None
    new: Callable[[], object] | None = None
    dtype: torch.dtype | None = None


Table = Mapping[tuple[str, str], Known]
#: Fills a value made earlier (BUILD), by the exact type of the value.
Fillers = Mapping[type, Callable[[Any, object], None]]

_PERSISTENCE_VERSION = 6


def _tensor(
    storage: object,
    offset: object,
    size: object,
    stride: object,
    requires_grad: object,
    hooks: object,
    metadata: object = None,
) -> StoredTensor:
    if isinstance(hooks, dict) and hooks:
        raise hostile("has a tensor with hooks (code)")
    return stored_tensor(storage, offset, size, stride)


def _parameter(tensor: object, requires_grad: object, hooks: object) -> object:
    if not isinstance(tensor, StoredTensor):
        raise damaged(f"a parameter is {shown(tensor)}, not a tensor")
    return tensor


def _nvidia_object(meta: object) -> NvidiaObject:
    if not isinstance(meta, dict) or not isinstance(meta.get("state"), dict):
        raise damaged("an NVIDIA network lacks its state")
    kind, version, name = meta.get("type"), meta.get("version"), meta.get("class_name")
    if kind != "class" or version != _PERSISTENCE_VERSION or not isinstance(name, str):
        raise UnsupportedWeightsError(
            f"expected NVIDIA network objects of type 'class', version {_PERSISTENCE_VERSION}; got type {shown(kind)}, "
            f"version {shown(version)}. Save the network anew with stylegan2-ada-pytorch or stylegan3"
        )
    return NvidiaObject(name, meta["state"])


def _ordered_dict(*pairs: object) -> OrderedDict[str, object]:
    if pairs:
        raise damaged("an ordered table is written in a form that PyTorch never uses")
    return OrderedDict()


def _set(values: object) -> set[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise damaged("a set holds something else than names")
    return set(values)


def _latin1(text: object, encoding: object) -> memoryview:
    # How pickle protocol 2 writes bytes.
    if not isinstance(text, str) or encoding != "latin1" or len(text) > 4096:
        raise damaged("its pickle encodes something that is no short byte string")
    try:
        return memoryview(text.encode("latin1"))
    except UnicodeEncodeError as error:
        raise damaged("its pickle holds a byte string with characters that are no bytes") from error


def _numpy_type(code: object, align: object, copy: object) -> NumpyType:
    if not isinstance(code, str):
        raise damaged("an array type has no name")
    return NumpyType(code)


def _numpy_scalar(kind: object, raw: object) -> float | int | bool:
    if not isinstance(kind, NumpyType) or not isinstance(raw, memoryview):
        raise damaged("a number lacks its type or its bytes")
    dtype = kind.resolve()
    if len(raw) != dtype.itemsize:
        raise damaged(f"a number of type {dtype} has {len(raw)} bytes")
    number: float | int | bool = np.frombuffer(raw, dtype)[0].item()
    return number


def _numpy_array(kind: object, shape: object, code: object) -> NumpyArray:
    if not isinstance(kind, Known) or kind.name != "numpy.ndarray":
        raise damaged("an array is of no known class")
    return NumpyArray()


def _fill_numpy_type(kind: NumpyType, state: object) -> None:
    if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
        raise damaged("an array type has no byte order")
    kind.order = state[1]


def _fill_numpy_array(target: NumpyArray, state: object) -> None:
    if not isinstance(state, tuple) or len(state) != 5:
        raise damaged("an array has no contents")
    _version, shape, kind, fortran, raw = state
    if isinstance(raw, list) or not isinstance(kind, NumpyType):
        raise hostile("has an array of Python objects, not numbers")
    dtype = kind.resolve()
    fits = isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int and 0 <= n < 2**48 for n in shape)
    if not fits or not isinstance(raw, memoryview) or len(raw) != np.prod(shape, dtype=object) * dtype.itemsize:
        raise damaged("an array does not have the bytes that its shape needs")
    target.array = np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran is True else "C")


def _fill_network(network: TensorFlowNetwork, state: object) -> None:
    if not isinstance(state, dict):
        raise damaged("a TensorFlow network has no state")
    network.state = state


def _fill_attributes(target: Attributes, state: object) -> None:
    if not isinstance(state, dict):
        raise damaged("training options are no table")
    target.values = state


def _ignore_metadata(table: "OrderedDict[str, object]", state: object) -> None:
    if not isinstance(state, dict):
        raise damaged("an ordered table has attributes that PyTorch never writes")


_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
}

_ENTRIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("torch._utils", "_rebuild_tensor_v2", {"call": _tensor}),
    ("torch._utils", "_rebuild_parameter", {"call": _parameter}),
    ("collections", "OrderedDict", {"call": _ordered_dict}),
    ("builtins", "set", {"call": _set}),
    ("__builtin__", "set", {"call": _set}),
    ("_codecs", "encode", {"call": _latin1}),
    ("numpy", "dtype", {"call": _numpy_type}),
    ("numpy", "ndarray", {}),
    ("numpy.core.multiarray", "scalar", {"call": _numpy_scalar}),
    ("numpy._core.multiarray", "scalar", {"call": _numpy_scalar}),
    ("numpy.core.multiarray", "_reconstruct", {"call": _numpy_array}),
    ("numpy._core.multiarray", "_reconstruct", {"call": _numpy_array}),
    ("argparse", "Namespace", {"call": Attributes, "new": Attributes}),
    ("dnnlib.util", "EasyDict", {"new": dict}),
    ("dnnlib.tflib.network", "Network", {"new": TensorFlowNetwork}),
    ("torch_utils.persistence", "_reconstruct_persistent_obj", {"call": _nvidia_object}),
)

#: Every name that may occur, except ``torch.storage._load_from_bytes``, which :mod:`.torch_legacy` adds.
TABLE: Table = {
    **{(module, name): Known(f"{module}.{name}", **makers) for module, name, makers in _ENTRIES},
    **{("torch", name): Known(f"torch.{name}", dtype=dtype) for name, dtype in _DTYPES.items()},
}

FILLERS: Fillers = {
    OrderedDict: _ignore_metadata,
    NumpyType: _fill_numpy_type,
    NumpyArray: _fill_numpy_array,
    TensorFlowNetwork: _fill_network,
    Attributes: _fill_attributes,
}
