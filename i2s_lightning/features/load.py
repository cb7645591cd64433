"""Find, check and load VGG-16's weights. Nothing is ever downloaded."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.features.frozen import freeze
from i2s_lightning.features.vgg import IMAGENET_MEAN, IMAGENET_STD, TAPS, VGG16
from i2s_lightning.ops.fingerprint import fingerprint

BUNDLED = Path(__file__).parents[1] / "assets" / "vgg16_hed.safetensors"
IMAGENET_FILE = "vgg16-397923af.pth"
IMAGENET_URL = f"https://download.pytorch.org/models/{IMAGENET_FILE}"
FORMAT = "i2s_lightning.vgg16"


@dataclass(frozen=True)
class _State:
    tensors: Mapping[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    provenance: str


def load_vgg(weights: str | Path = "auto") -> VGG16:
    """Load a frozen VGG-16 trunk.

    Args:
        weights: One of

            * ``auto``: torchvision's file if it lies in torch hub's cache, else the bundled one;
            * ``hed``: the bundled file, an edge detector's trunk that was fine-tuned from ImageNet's VGG-16 with a
              small learning rate. Close to it, not equal: say so beside numbers made with it;
            * ``imagenet``: torchvision's ``vgg16-397923af.pth`` from torch hub's cache;
            * a path to such a ``.pth``, or to a ``.safetensors`` made by ``scripts/convert_vgg.py``.

    Returns:
        The network in float32, its tensors as non-persistent buffers, with ``sha256`` and ``source`` set. The first
        does not depend on the container; the second says which file it was.

    Raises:
        UnsupportedWeightsError: The file is missing, damaged, or not VGG-16. A file whose name ends in a hash, as torch
            hub's do, must have that hash.
    """
    path = _locate(weights)
    _check_name(path)
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torchvision(path)
    tensors = _select(state.tensors, path)
    channels = [tensors[f"features.{relu - 1}.bias"].shape[0] for relu in TAPS.values()]
    vgg = VGG16(channels, state.mean, state.std)
    vgg.load_state_dict(tensors)
    vgg.sha256 = fingerprint(vgg.state_dict(), {"mean": state.mean, "std": state.std})
    vgg.source = {"name": path.stem, "path": str(path), "provenance": state.provenance}
    vgg.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as activations will be
    return freeze(vgg)


def _locate(weights: str | Path) -> Path:
    cached = Path(torch.hub.get_dir()) / "checkpoints" / IMAGENET_FILE
    if weights == "hed" or (weights == "auto" and not cached.is_file()):
        return BUNDLED
    if weights in ("auto", "imagenet"):
        if not cached.is_file():
            raise UnsupportedWeightsError(
                f"torchvision's VGG-16 was asked for, but {cached} does not exist. Nothing is downloaded by itself: "
                f"get {IMAGENET_URL} (528 MB) and put it there, or take the bundled weights with vgg='hed'."
            )
        return cached
    path = Path(weights).expanduser()
    if not path.is_file():
        raise UnsupportedWeightsError(
            f"VGG weights must be 'auto', 'hed', 'imagenet' or a file; got {str(weights)!r}, which is no file."
        )
    return path


def _check_name(path: Path) -> None:
    """Compare the hash in a file's name, torch hub's convention, with the file's."""
    match = re.search(r"-([0-9a-f]{8,64})$", path.stem)
    if match is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(match[1]):
        raise UnsupportedWeightsError(
            f"By its name the SHA-256 of {path} begins with {match[1]}, but it is {digest}: the file is damaged or not "
            f"what it says. Get it again (torchvision's is at {IMAGENET_URL}), or rename it if that is no hash."
        )


def _read_safetensors(path: Path) -> _State:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (safetensors.SafetensorError, OSError) as error:
        raise UnsupportedWeightsError(f"{path} is not a readable safetensors file: {error}") from error
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, "1"):
        raise UnsupportedWeightsError(
            f"{path} should say format {FORMAT!r}, version '1' in its metadata; got {metadata.get('format')!r}, "
            f"{metadata.get('version')!r}. Make such a file with scripts/convert_vgg.py, or give torchvision's .pth."
        )
    mean, std = (tuple(json.loads(metadata[key])) for key in ("mean", "std"))
    return _State(tensors, mean, std, metadata.get("provenance", "not stated in the file"))


def _read_torchvision(path: Path) -> _State:
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or foreign file makes torch raise nearly anything
        raise UnsupportedWeightsError(f"{path} is not a file of plain tensors that torch can read: {error}") from error
    if not isinstance(tensors, Mapping):
        raise UnsupportedWeightsError(f"{path} should hold a state dict; got a {type(tensors).__name__}.")
    known = path.name == IMAGENET_FILE
    provenance = f"torchvision, trained on ImageNet ({IMAGENET_URL})" if known else "a file of the user's"
    return _State(tensors, IMAGENET_MEAN, IMAGENET_STD, provenance)


def _select(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Take the nine convolutions, in float32, and refuse anything that does not chain into a VGG-16."""
    names = [f"features.{relu - 1}.{kind}" for relu in TAPS.values() for kind in ("weight", "bias")]
    missing = [name for name in names if not isinstance(tensors.get(name), Tensor)]
    if missing:
        seen = ", ".join(map(str, list(tensors)[:4])) or "nothing"
        raise UnsupportedWeightsError(
            f"{path} is not VGG-16 in torchvision's layout: it lacks {', '.join(missing[:4])} ({len(missing)} of "
            f"{len(names)} in all); it begins with {seen}."
        )
    width = 3
    for weight, bias in zip(names[::2], names[1::2], strict=True):
        shape, bias_shape = tuple(tensors[weight].shape), tuple(tensors[bias].shape)
        if shape[1:] != (width, 3, 3) or bias_shape != shape[:1]:
            raise UnsupportedWeightsError(
                f"{path} is not VGG-16: {weight} should be (N, {width}, 3, 3) and its bias (N,); got {shape} and "
                f"{bias_shape}."
            )
        width = shape[0]
    selected = {name: tensors[name].float() for name in names}
    if not all(bool(tensor.isfinite().all()) for tensor in selected.values()):
        raise UnsupportedWeightsError(f"{path} holds values that are not finite: the file is damaged. Get it again.")
    return selected
