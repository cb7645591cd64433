"""Real pictures to learn from, if there are any."""

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.data.loaders import RoundLoader
from i2s_lightning.data.module import EmbedData
from i2s_lightning.data.preprocess import Fit, Resample
from i2s_lightning.errors import ConfigError
from i2s_lightning.ops.images import from_uint8


class EncoderData(EmbedData):
    """What an encoder learns from besides its generator's own samples: nothing, or pictures.

    Args:
        path: Real pictures: a folder (read recursively), a glob, a ``.txt`` list, a file, or several of these; none by
            default.
        batch_size: Samples a step on each device.
        real: Real pictures a step on each device, when ``path`` is given.
        fit: How a picture of another shape becomes the generator's: ``crop`` its middle, ``stretch`` it, or ``pad`` it.
        resample: The filter for resizing.
    """

    batch_size: int

    def __init__(
        self,
        path: str | list[str] | None = None,
        batch_size: int = 16,
        real: int = 8,
        fit: Fit = "crop",
        resample: Resample = "lanczos",
    ) -> None:
        super().__init__(path, batch_size, on_bad_image="error", fit=fit, resample=resample)
        if real < 1:
            raise ConfigError(f"data.real must be at least 1; got {real}. Leave data.path out for samples alone.")
        self.real = 0 if path is None else real

    def setup(self, stage: str) -> None:
        """List the pictures and look at each."""
        if self.real:
            super().setup(stage)

    def pick(self, rng: torch.Generator) -> Float[Tensor, "B C H W"] | None:
        """Choose a step's real pictures at random, in [-1, 1]; None without pictures."""
        if not self.real:
            return None
        indices = torch.randint(len(self.pictures), (self.real,), generator=rng).tolist()
        return from_uint8(torch.stack([self.read(index) for index in indices]))

    def val_dataloader(self) -> RoundLoader:  # type: ignore[override]
        """One look at held-out samples."""
        return RoundLoader(1)
