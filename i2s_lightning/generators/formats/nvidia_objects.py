"""Modules of an NVIDIA PyTorch pickle, flattened to names, with their attributes checked."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError

from .problems import damaged, hostile, shown
from .stand_ins import NumpyArray, NvidiaObject, StoredTensor

#: A generator has about 150 modules, five deep; a file may refer to one module from many places.
_MAX_MODULES, _MAX_DEPTH = 2000, 8

#: Sizes, paddings and channels are smaller; larger claims would only serve to exhaust memory.
_MAX_INTEGER = 2**16

_CLASSES = frozenset(
    {
        "Generator",
        "MappingNetwork",
        "SynthesisNetwork",
        "SynthesisBlock",
        "SynthesisLayer",
        "SynthesisInput",
        "ToRGBLayer",
        "FullyConnectedLayer",
        "Conv2dLayer",
    }
)
_HOOKS = ("_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks", "_load_state_dict_pre_hooks")


@dataclass(frozen=True)
class Flat:
    """A network as two tables.

    Attributes:
        modules: ``synthesis.b4.conv1`` to the module; the root is ``""``.
        tensors: ``synthesis.b4.conv1.weight`` to the tensor, unchecked.
    """

    modules: dict[str, NvidiaObject]
    tensors: dict[str, object]

    def module(self, name: str) -> NvidiaObject:
        """A module that must be there."""
        if name not in self.modules:
            raise damaged(f"the network lacks its part {shown(name)}")
        return self.modules[name]

    def of_class(self, class_name: str) -> list[NvidiaObject]:
        """All modules of a class."""
        return [module for module in self.modules.values() if module.class_name == class_name]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of what is a tensor; whoever takes the rest finds out that it is none."""
        return {name: value.size for name, value in self.tensors.items() if isinstance(value, StoredTensor)}


def flatten(root: NvidiaObject) -> Flat:
    """Walk a network's modules.

    Raises:
        UnsupportedWeightsError: It has classes that generators don't have, hooks (code), or no end.
    """
    flat = Flat({}, {})
    _walk(flat, root, "", 0)
    return flat


def _walk(flat: Flat, module: object, name: str, depth: int) -> None:
    if not isinstance(module, NvidiaObject):
        raise damaged(f"the network's part {shown(name)} is {shown(module)}")
    if module.class_name not in _CLASSES:
        raise UnsupportedWeightsError(
            f"the network contains a {shown(module.class_name)}, which is no part of NVIDIA's StyleGAN2 or StyleGAN3 "
            "generators. Its code may be in the file but is never run. Use a network of NVIDIA's own classes"
        )
    if any(module.state.get(hooks) for hooks in _HOOKS):
        raise hostile("has a network with hooks (code)")
    if depth > _MAX_DEPTH or len(flat.modules) >= _MAX_MODULES:
        raise hostile("has a network that contains itself or has no end")
    flat.modules[name] = module
    for kind in ("_parameters", "_buffers"):
        for leaf, value in module.children(kind).items():
            flat.tensors[_join(name, leaf)] = value
    for child, value in module.children("_modules").items():
        _walk(flat, value, _join(name, child), depth + 1)


def _join(name: str, leaf: str) -> str:
    return f"{name}.{leaf}" if name else leaf


def attribute(module: NvidiaObject, name: str) -> Any:
    """An attribute that must be there."""
    if name not in module.state:
        raise damaged(f"a {module.class_name} lacks its attribute {name}")
    return module.state[name]


def integer(module: NvidiaObject, name: str) -> int:
    """A whole-number attribute."""
    value = attribute(module, name)
    if type(value) is not int or abs(value) > _MAX_INTEGER:
        raise wrong(module, name, "a whole number", value)
    return value


def number(module: NvidiaObject, name: str) -> float:
    """A finite numeric attribute."""
    value = attribute(module, name)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise wrong(module, name, "a number", value)
    return float(value)


def integers(module: NvidiaObject, name: str, count: int) -> list[int]:
    """A list of whole numbers, stored as a list or a numpy array."""
    value = attribute(module, name)
    if isinstance(value, NumpyArray) and value.array is not None and value.array.size == count:
        value = value.array.reshape(-1).tolist()
    if not isinstance(value, list | tuple) or len(value) != count:
        raise wrong(module, name, f"{count} whole numbers", value)
    if not all(type(n) is int and abs(n) <= _MAX_INTEGER for n in value):
        raise wrong(module, name, f"{count} whole numbers", value)
    return list(value)


def common(modules: Iterable[NvidiaObject], name: str) -> Any:
    """The value of an attribute that all modules must share.

    Raises:
        UnsupportedWeightsError: They differ, or there are none.
    """
    values = []
    for module in modules:
        value = attribute(module, name)
        if not isinstance(value, str | int | float | None):
            raise wrong(module, name, "text or a number", value)
        if value not in values:
            values.append(value)
    if len(values) != 1:
        found = ", ".join(shown(value) for value in values) or "none has it"
        raise UnsupportedWeightsError(
            f"the layers of the network differ in {name} ({found}); use a network of NVIDIA's own code"
        )
    return values[0]


def wrong(module: NvidiaObject, name: str, expected: str, value: object) -> UnsupportedWeightsError:
    """The error for an attribute of the wrong kind."""
    return damaged(f"a {module.class_name} should have {expected} as {name}, it has {shown(value)}")
