"""Rows in flight: what a Lightning checkpoint holds of pictures that are not finished.

Our part of a ``.ckpt`` is its ``embedding`` entry: ``pictures`` (names), ``tensors`` (one stacked tensor a quantity,
the picture first) and ``run``. State belongs to the picture, not to a rank or a slot, so a checkpoint fits any number
of devices.
"""

import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2s_lightning.errors import CheckpointError

log = logging.getLogger(__name__)

KEY = "embedding"
VERSION = 2


@dataclass(frozen=True)
class Flying:
    """One picture in flight, seen as a result: its best latent so far."""

    record: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def name(self) -> str:
        """The picture's name."""
        return str(self.record["name"])

    def read(self, tensor: str) -> Tensor:
        """Give one of its tensors."""
        return self.tensors[tensor]

    def tensor_names(self) -> list[str]:
        """List its tensors."""
        return list(self.tensors)


def open_part(checkpoint: dict[str, Any], source: str) -> dict[str, Any]:
    """Take our part out of a loaded checkpoint.

    Raises:
        CheckpointError: It is not ours, or of another version.
    """
    part = checkpoint.get(KEY)
    if part is None:
        raise CheckpointError(f"{source} is no checkpoint of i2s_lightning: it has no {KEY!r} entry")
    if part["version"] != VERSION:
        raise CheckpointError(
            f"{source} has version {part['version']}, this program reads {VERSION}: update i2s_lightning"
        )
    return dict(part)


def is_sound(path: Path) -> bool:
    """Tell whether there is a checkpoint to go on from."""
    try:
        read_checkpoint(path)
    except CheckpointError:
        return False
    return True


def set_aside_if_damaged(path: Path) -> bool:
    """Tell whether there is a checkpoint to go on from; rename a damaged one, with a warning."""
    if is_sound(path):
        return True
    if path.exists():
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        log.warning("%s is damaged; set aside as %s, pictures in flight begin again", path, aside.name)
    return False


def read_checkpoint(path: Path) -> tuple[dict[str, Flying], dict[str, Any]]:
    """Read the pictures in flight from a Lightning checkpoint.

    Args:
        path: The ``.ckpt``; loaded with ``weights_only=True``.

    Returns:
        Pictures by name with ``ws`` (and the latent of their space) at their best step, and the run's description.

    Raises:
        CheckpointError: The file is damaged or not ours.
    """
    try:
        _check_sums(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever the unpickler met
        raise CheckpointError(f"{path} is damaged or no checkpoint: {error}") from error
    part = open_part(loaded, str(path))
    flying = {}
    for i, name in enumerate(part["pictures"]):
        record = {"name": name, "status": "in flight", "step": int(part["tensors"]["age"][i])}
        tensors = {k.removeprefix("result/"): v[i] for k, v in part["tensors"].items() if k.startswith("result/")}
        flying[name] = Flying(record, tensors)
    return dict(sorted(flying.items())), part["run"]


def _check_sums(path: Path) -> None:
    """Compare the contents with the sums that torch wrote beside them; torch itself does not when it reads."""
    with zipfile.ZipFile(path) as archive:
        if wrong := archive.testzip():
            raise zipfile.BadZipFile(f"the checksum of {wrong} does not match")
