"""Begin a training from existing weights, possibly of another resolution."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.native import load_native

_log = logging.getLogger(__name__)
_ROLES = {"generator": "G", "average": "G_ema", "discriminator": "D", "teacher": "T", "average_teacher": "T_ema"}


def load_starts(paths: Sequence[str], networks: Mapping[str, nn.Module]) -> None:
    """Fill networks from files, later ones over earlier ones.

    Tensors are matched by name; those that only one side has stay as they are, so a 32-pixel training can start from
    the lower layers of a 64-pixel one, and go on at 64 pixels afterwards.

    Args:
        paths: Each a ``.safetensors`` of ours (fills generator and average), a checkpoint of this script, or a ``.pt``
            with the state dicts ``G``, ``G_ema``, ``D``, ``T``, ``T_ema``.
        networks: By role: generator, average, discriminator, teacher.

    Raises:
        UnsupportedWeightsError: A file shares no tensor with a network, or one of another shape.
    """
    for path in paths:
        states = _read(Path(path))
        for role, network in networks.items():
            if role in states:
                _fill(network, states[role], f"{path} ({role})")


def _read(path: Path) -> dict[str, dict[str, Tensor]]:
    if path.suffix == ".safetensors":
        tensors = load_native(path).tensors
        return {"generator": tensors, "average": tensors}
    content = torch.load(path, map_location="cpu", weights_only=True)
    if "state_dict" not in content:
        return {role: content[key] for role, key in _ROLES.items() if key in content}
    split: dict[str, dict[str, Tensor]] = {role: {} for role in _ROLES}
    for name, tensor in content["state_dict"].items():
        role, _, rest = name.partition(".")
        if role in split:
            split[role][rest] = tensor
    return {role: state for role, state in split.items() if state}


def _fill(network: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    own = network.state_dict()
    shared = {name: tensor for name, tensor in tensors.items() if name in own}
    wrong = [name for name, tensor in shared.items() if tensor.shape != own[name].shape]
    if wrong or not shared:
        raise UnsupportedWeightsError(
            f"{source} does not fit the network that the settings describe ({', '.join(wrong[:3]) or 'nothing shared'})"
            "; set channels, z_dim, w_dim and mapping_layers as they were"
        )
    network.load_state_dict(shared, strict=False)
    _log.info("%s: %d of %d tensors", source, len(shared), len(own))
