"""Pictures for Lightning."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import pytorch_lightning as pl
import torch
from jaxtyping import UInt8
from torch import Tensor

from i2s_lightning.data.decode import WHITE, Color, read_picture
from i2s_lightning.data.listing import list_pictures
from i2s_lightning.data.loaders import RoundLoader, ShareLoader
from i2s_lightning.data.preprocess import Fit, Preprocess, Resample
from i2s_lightning.data.scan import BadPicture, CheckedPicture, check_pictures
from i2s_lightning.errors import ConfigError
from i2s_lightning.ranks import first_decides

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent.parent / "assets" / "pictures"


@runtime_checkable
class Task(Protocol):
    """What the data needs to know of the task."""

    round_steps: int

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Channels, height and width that pictures are brought to."""

    def stored(self) -> int:
        """How many pictures the run folder holds."""


class EmbedData(pl.LightningDataModule):
    """A set of pictures, brought to the generator's size and colours.

    Args:
        path: A folder (read recursively), a glob, a ``.txt`` list, a file, or several of these; default: the pictures
            that ship with the package.
        batch_size: Pictures in flight on each device; ``auto`` finds out how many fit into memory.
        on_bad_image: ``error`` stops before the start and lists all unreadable pictures; ``skip`` embeds the others and
            lists the skipped in ``metrics.csv``.
        fit: How a picture of another shape becomes the generator's: ``crop`` its middle, ``stretch`` it, or ``pad`` it.
        resample: The filter for resizing.
        background: Colour behind transparent pixels and padding, R, G, B in 0..255.
    """

    def __init__(
        self,
        path: str | list[str] | None = None,
        batch_size: int | Literal["auto"] = 8,
        on_bad_image: Literal["error", "skip"] = "error",
        fit: Fit = "crop",
        resample: Resample = "lanczos",
        background: Color = WHITE,
    ) -> None:
        super().__init__()
        if batch_size != "auto" and batch_size < 1:
            raise ConfigError(f"data.batch_size must be at least 1; got {batch_size}")
        self.path: str | Sequence[str] = str(SHIPPED) if path is None else path
        self.batch_size: int | Literal["auto"] = batch_size
        self.on_bad_image = on_bad_image
        self.preprocess = Preprocess(fit=fit, resample=resample, background=background)
        self.pictures: list[CheckedPicture] = []
        self.skipped: list[BadPicture] = []

    @property
    def task(self) -> Task:
        """The task, once there is a trainer."""
        assert self.trainer is not None
        return self.trainer.lightning_module  # type: ignore[return-value]

    def setup(self, stage: str) -> None:
        """List the pictures and look at each; rank 0 does and tells the others."""
        if stage == "predict" or self.pictures:
            return
        assert self.trainer is not None
        self.pictures, self.skipped = first_decides(
            self.trainer, lambda: check_pictures(list_pictures(self.path), self.on_bad_image)
        )

    def read(self, index: int) -> UInt8[Tensor, "H W C"]:
        """Read one picture at the generator's size, ``(H, W, C)`` uint8."""
        channels, height, width = self.task.picture_shape
        pixels = read_picture(self.pictures[index].path, channels, background=self.preprocess.background)
        return torch.from_numpy(self.preprocess(pixels, (height, width)).copy())

    def describe(self) -> dict[str, Any]:
        """Tell how pictures become targets."""
        return self.preprocess.describe()

    def train_dataloader(self) -> RoundLoader:
        """Steps of a round."""
        return RoundLoader(self.task.round_steps)

    def val_dataloader(self) -> ShareLoader | list[Any]:
        """Stored pictures to score; none in the middle of ``fit``, which scores each when it is done."""
        assert self.trainer is not None
        return [] if self.trainer.state.fn == "fit" else self._share()

    def test_dataloader(self) -> ShareLoader:
        """Stored pictures to score."""
        return self._share()

    def predict_dataloader(self) -> ShareLoader:
        """Stored pictures to render."""
        return self._share()

    def _share(self) -> ShareLoader:
        assert self.trainer is not None
        return ShareLoader(self.task.stored(), self.trainer.global_rank, self.trainer.world_size)
