"""Training data: renders with the codes of their draws, from ``scripts/render_faces.py``."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

Pair = tuple[Tensor, Tensor]


class Pairs(IterableDataset[Pair]):
    """Endless batches of (images, codes) in random order, another on every process and in every run.

    Args:
        images: ``(N, H, W, 3)`` uint8.
        codes: ``(N, Z)``.
        batch_size: Images in a batch.
    """

    def __init__(self, images: Tensor, codes: Tensor, batch_size: int) -> None:
        super().__init__()
        self.images, self.codes, self.batch_size = images, codes, batch_size

    def __iter__(self) -> Iterator[Pair]:
        while True:
            order = torch.randperm(len(self.images))
            for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
                rows = order[start : start + self.batch_size]
                yield self.images[rows], self.codes[rows]


class PairData(LightningDataModule):
    """Renders and their codes.

    Args:
        path: ``.npz`` files with ``images`` and ``codes``, or a folder of such.
        batch_size: Images a step takes on each process.
    """

    def __init__(self, path: str, batch_size: int = 16) -> None:
        super().__init__()
        self.path, self.batch_size = path, batch_size

    def setup(self, stage: str) -> None:
        """Read all files into memory: 12 kB an image at 64 pixels."""
        shards = [np.load(file) for file in shard_files(self.path)]
        self.images = torch.from_numpy(np.concatenate([shard["images"] for shard in shards]))
        self.codes = torch.from_numpy(np.concatenate([shard["codes"] for shard in shards]).astype(np.float32))

    def train_dataloader(self) -> DataLoader[Pair]:
        """Batches for ever; the trainer's ``max_steps`` or ``max_time`` ends."""
        return DataLoader(Pairs(self.images, self.codes, self.batch_size), batch_size=None)


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
