"""Training data: renders with the codes of their draws, from ``scripts/render_faces.py``."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset


class Batch(NamedTuple):
    """What a step learns from.

    Attributes:
        images: Renders, ``(B, H, W, 3)`` uint8.
        parameters: Theirs, ``(B, P)``.
        codes: Of other portraits, most without a render, ``(C, Z)``.
        code_parameters: Of the same, ``(C, P)``.
    """

    images: Tensor
    parameters: Tensor
    codes: Tensor
    code_parameters: Tensor


class Pairs(IterableDataset[Batch]):
    """Endless batches in random order, another on every process and in every run.

    Args:
        images: ``(N, H, W, 3)`` uint8.
        codes: ``(M, Z)``, M at least N.
        parameters: ``(M, P)``; the first N are of the images.
        batch_size: Images in a batch.
        codes_size: Codes in a batch.
    """

    def __init__(self, images: Tensor, codes: Tensor, parameters: Tensor, batch_size: int, codes_size: int) -> None:
        super().__init__()
        self.images, self.codes, self.parameters = images, codes, parameters
        self.batch_size, self.codes_size = batch_size, codes_size

    def __iter__(self) -> Iterator[Batch]:
        rng = torch.Generator()
        rng.seed()
        while True:
            order = torch.randperm(len(self.images), generator=rng)
            for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
                rows = order[start : start + self.batch_size]
                others = torch.randint(len(self.codes), (self.codes_size,), generator=rng)
                yield Batch(self.images[rows], self.parameters[rows], self.codes[others], self.parameters[others])


class PairData(LightningDataModule):
    """Renders, their parameters and codes.

    Args:
        path: ``.npz`` files of ``scripts/render_faces.py``, or a folder of such. Those without images add codes.
        batch_size: Images a step takes on each process.
        codes_size: Codes a step takes, for the mapping network.
    """

    def __init__(self, path: str, batch_size: int = 16, codes_size: int = 256) -> None:
        super().__init__()
        self.path, self.batch_size, self.codes_size = path, batch_size, codes_size

    def setup(self, stage: str) -> None:
        """Read all files into memory: 12 kB an image at 64 pixels."""
        shards = [dict(np.load(file)) for file in shard_files(self.path)]
        shards.sort(key=lambda shard: "images" not in shard)
        self.images = torch.from_numpy(np.concatenate([shard["images"] for shard in shards if "images" in shard]))
        self.codes = torch.from_numpy(np.concatenate([shard["codes"] for shard in shards]))
        self.parameters = torch.from_numpy(np.concatenate([shard["parameters"] for shard in shards]))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches for ever; the trainer's ``max_steps`` or ``max_time`` ends."""
        pairs = Pairs(self.images, self.codes, self.parameters, self.batch_size, self.codes_size)
        return DataLoader(pairs, batch_size=None)


def shard_files(path: str | Path) -> list[Path]:
    """List the files of a data set.

    Args:
        path: A file, or a folder of ``.npz`` files.

    Returns:
        Them in order.

    Raises:
        FileNotFoundError: There is none.
    """
    root = Path(path)
    files = [root] if root.is_file() else sorted(root.glob("*.npz"))
    if not files:
        raise FileNotFoundError(f"no .npz files in {root}; make some with scripts/render_faces.py")
    return files
