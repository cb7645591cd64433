"""From a ``GeneratorState`` to a network, strictly: every tensor has its place, shape and finite numbers."""

from collections.abc import Mapping

import torch
from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.state import GeneratorState
from i2s_lightning.generators.stylegan1 import StyleGAN1
from i2s_lightning.generators.stylegan2 import StyleGAN2
from i2s_lightning.generators.stylegan3 import StyleGAN3
from i2s_lightning.ops.fingerprint import fingerprint

FAMILIES: dict[str, type[Generator]] = {family.family: family for family in (StyleGAN1, StyleGAN2, StyleGAN3)}


def build(state: GeneratorState) -> Generator:
    """Build the network that ``state`` describes and fill it with its numbers, in float32.

    Args:
        state: From a file reader, or from ``Generator.state``.

    Returns:
        A generator in eval mode whose parameters can be trained; ``sha256`` is set.

    Raises:
        UnsupportedWeightsError: Unknown family or option; a tensor is missing, unexpected, of another shape, not of
            floating point or not finite.

    Example:
        >>> fresh = StyleGAN2(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=2)
        >>> build(fresh.state()).config == fresh.config
        True
    """
    generator = _construct(state)
    wanted = generator.state().tensors
    _check_names(wanted, state.tensors)
    tensors = {name: _checked(name, state.tensors[name], own.shape) for name, own in wanted.items()}
    generator.load_state_dict(tensors, assign=True)
    generator.sha256 = fingerprint(tensors, {"family": state.family, **generator.config})
    generator.source = dict(state.source)
    return generator.eval()


def _construct(state: GeneratorState) -> Generator:
    family = FAMILIES.get(state.family)
    if family is None:
        raise UnsupportedWeightsError(f"expected a generator of {', '.join(FAMILIES)}; got {state.family!r}")
    try:
        with torch.device("meta"):  # nothing is allocated, or drawn from the random generator
            return family(**state.config)
    except (TypeError, ValueError) as error:
        raise UnsupportedWeightsError(f"the file does not describe a {state.family} that we know: {error}") from error


def _check_names(wanted: Mapping[str, Tensor], got: Mapping[str, Tensor]) -> None:
    missing, unexpected = sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())
    if missing or unexpected:
        raise UnsupportedWeightsError(
            f"the file does not hold the tensors of the network it describes: missing {_some(missing)}; "
            f"unexpected {_some(unexpected)}. It may be damaged, or of another variant of StyleGAN."
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5]) or "none"
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _checked(name: str, tensor: Tensor, shape: torch.Size) -> Tensor:
    if tensor.shape != shape:
        raise UnsupportedWeightsError(f"{name} should have shape {tuple(shape)}; the file has {tuple(tensor.shape)}")
    if not tensor.is_floating_point():
        raise UnsupportedWeightsError(f"{name} should hold floating point numbers; the file has {tensor.dtype}")
    # A contiguous copy: files may hold strided views of one storage, and the layout decides which kernels run.
    copy = tensor.detach().to(torch.float32, copy=True).contiguous()
    if not copy.isfinite().all():
        raise UnsupportedWeightsError(f"{name} holds NaN or infinity; the file is damaged or its training diverged")
    return copy
