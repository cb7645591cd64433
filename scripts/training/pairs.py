"""Training data: renders with the codes of their draws, from ``scripts/render_faces.py``."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset


class Batch(NamedTuple):
    """What a step learns from.

    Attributes:
        images: Renders, ``(B, H, W, 3)`` uint8.
        parameters: Theirs, ``(B, P)``.
        twins: So many at the end show the persons of as many before them, with another expression, and some with
            glasses put on or off.
    """

    images: Tensor
    parameters: Tensor
    twins: int


class Pairs(IterableDataset[Batch]):
    """Endless batches in random order, another on every process and in every run.

    Args:
        images: ``(N, H, W, 3)`` uint8.
        parameters: ``(N, P)``.
        twin_images: The first M persons changed, ``(M, H, W, 3)`` uint8.
        twin_parameters: ``(M, P)``.
        batch_size: Images in a batch.
        twins: How many of these are twins; as many are the persons that they belong to.
    """

    def __init__(
        self,
        images: Tensor,
        parameters: Tensor,
        twin_images: Tensor,
        twin_parameters: Tensor,
        batch_size: int,
        twins: int,
    ) -> None:
        super().__init__()
        self.images, self.parameters = images, parameters
        self.twin_images, self.twin_parameters = twin_images, twin_parameters
        self.single, self.twins = batch_size - 2 * twins, twins

    def __iter__(self) -> Iterator[Batch]:
        rng = torch.Generator()
        rng.seed()
        while True:
            order = torch.randperm(len(self.images), generator=rng)
            for start in range(0, len(order) - self.single + 1, self.single):
                pairs = torch.randperm(len(self.twin_images), generator=rng)[: self.twins]
                rows = torch.cat([order[start : start + self.single], pairs])
                images = torch.cat([self.images[rows], self.twin_images[pairs]])
                yield Batch(images, torch.cat([self.parameters[rows], self.twin_parameters[pairs]]), self.twins)


class PairData(LightningDataModule):
    """Renders, their parameters and codes.

    Args:
        path: ``.npz`` files of ``scripts/render_faces.py``, or a folder of such; some may lack twins or images.
        batch_size: Images a step takes on each process.
        twins: How many of these are twins of as many others.
    """

    def __init__(self, path: str, batch_size: int = 16, twins: int = 0) -> None:
        super().__init__()
        self.path, self.batch_size, self.twins = path, batch_size, twins

    def setup(self, stage: str) -> None:
        """Read all files into memory: 12 kB an image at 64 pixels. Those with twins come first, codes alone last.

        Raises:
            FileNotFoundError: There is no file.
            ValueError: More twins are asked for than there are, or than a batch holds.
        """
        shards = [dict(np.load(file)) for file in shard_files(self.path)]
        shards.sort(key=lambda shard: ("images" not in shard, "twin_images" not in shard))

        def joined(name: str, shards: Sequence[Mapping[str, NDArray[Any]]]) -> Tensor:
            return torch.from_numpy(np.concatenate([shard[name] for shard in shards]))

        rendered = [shard for shard in shards if "images" in shard]
        twins = [shard for shard in shards if "twin_images" in shard]
        self.images, self.codes = joined("images", rendered), joined("codes", shards)
        self.parameters = joined("parameters", shards)
        self.twin_images = joined("twin_images", twins) if twins else self.images[:0]
        self.twin_parameters = joined("twin_parameters", twins) if twins else self.parameters[:0]
        if not 2 * self.twins < self.batch_size or self.twins > len(self.twin_images):
            raise ValueError(
                f"twins must be less than half of batch_size and no more than {self.path} has; got {self.twins} for a "
                f"batch_size of {self.batch_size} and {len(self.twin_images)} twins. scripts/render_faces.py --twins "
                "makes some."
            )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches for ever; the trainer's ``max_steps`` or ``max_time`` ends."""
        known = self.images, self.parameters[: len(self.images)], self.twin_images, self.twin_parameters
        return DataLoader(Pairs(*known, self.batch_size, self.twins), batch_size=None)


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
