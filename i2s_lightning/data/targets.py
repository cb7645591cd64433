"""The pictures that an embedding was made from, prepared as they were then."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.data.decode import decode_picture, read_bytes
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.errors import ImageError
from i2s_lightning.ops.images import from_uint8


@runtime_checkable
class Embedded(Protocol):
    """What has to be known of an embedding."""

    metrics: Mapping[str, dict[str, Any]]
    run: dict[str, Any]


class Targets:
    """Reads an embedding's targets by name: ``e.dataset(Targets(e))`` pairs them with their latents.

    Args:
        embedding: From ``load_embedding``.
        folder: Where the pictures are now, when they are no longer where they were: the data folder of ``fit``.
    """

    def __init__(self, embedding: Embedded, folder: str | Path | None = None) -> None:
        self.embedding = embedding
        self.folder = None if folder is None else Path(folder)
        settings = dict(embedding.run["settings"].get("data", Preprocess().describe()))  # imported ones have no targets
        self.preprocess = Preprocess(**settings | {"background": tuple(settings["background"])})
        generator = embedding.run["generator"]
        self.channels, (self.height, self.width) = generator["img_channels"], generator["img_shape"]

    def __call__(self, name: str) -> Float[Tensor, "C H W"]:
        """Read one target, in [-1, 1].

        Raises:
            ImageError: It is not there, can't be read, is not the picture that was embedded, or was never known.
        """
        record = self.embedding.metrics[name]
        if "file" not in record:
            raise ImageError(f"{name!r} is {record['status']}: only what fit has finished has a target on record")
        path = self._path(name, Path(record["file"]))
        try:
            data = read_bytes(path)
        except ImageError as error:
            raise ImageError(f"{path}: {error} If it has moved, say where: Targets(embedding, folder)") from error
        if hashlib.sha256(data).hexdigest() != record["sha256"]:
            raise ImageError(
                f"{path} is not the picture that was embedded as {name!r}: its contents have changed. "
                "Embed it again, or give the folder of the old ones: Targets(embedding, folder)"
            )
        pixels = decode_picture(data, self.channels, background=self.preprocess.background, name=str(path))
        fitted = torch.from_numpy(self.preprocess(pixels, (self.height, self.width)).copy())
        return from_uint8(fitted.unsqueeze(0))[0]

    def _path(self, name: str, then: Path) -> Path:
        if self.folder is None:
            return then
        return self.folder / (name if name.endswith(then.suffix) else name + then.suffix)
