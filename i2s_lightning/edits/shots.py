"""An edit as a list of pictures to be: what to render, in which order, with which caption."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.edits.latent import Latent, render_latents
from i2s_lightning.edits.options import Number
from i2s_lightning.edits.sinks import Look, is_sheet, open_sink
from i2s_lightning.generators.base import Generator, NoiseMode
from i2s_lightning.ops.images import to_uint8


@dataclass(frozen=True)
class Shot:
    """One picture of an edit.

    Attributes:
        caption: Shown under it on a sheet.
        build: Makes its latent; called when it is rendered, so that long edits need no memory.
        border: It is an original beside the results: on sheets only.
    """

    caption: str
    build: Callable[[], Latent]
    border: bool = False


@dataclass(frozen=True)
class Edit:
    """A list of pictures to be; nothing is rendered until it is asked for.

    Attributes:
        generator: Renders them.
        noise_mode: As ``synthesis`` takes it.
        cells: Row by row as on a sheet; None is an empty place.
        columns: Cells a row.
    """

    generator: Generator
    noise_mode: NoiseMode
    cells: Sequence[Shot | None]
    columns: int

    @property
    def shots(self) -> list[Shot]:
        """The results in order, without borders: the frames of a video."""
        return [shot for shot in self.cells if shot is not None and not shot.border]

    def shots_for(self, path: str | Path) -> list[Shot]:
        """List what has to be rendered for a file: borders belong to sheets only."""
        return [shot for shot in self.cells if shot is not None] if is_sheet(path) else self.shots

    def captions(self) -> list[str | None]:
        """The cells' captions; None for empty places."""
        return [None if shot is None else shot.caption for shot in self.cells]

    def __len__(self) -> int:
        return len(self.shots)

    @property
    def ws(self) -> Float[Tensor, "N L D"]:
        """The results' styles."""
        return torch.stack([shot.build().ws for shot in self.shots])

    def render(self) -> Float[Tensor, "N C H W"]:
        """Render all results, each by itself: about [-1, 1]."""
        return torch.stack([self.render_shot(shot).cpu() for shot in self.shots])

    def render_shot(self, shot: Shot) -> Float[Tensor, "C H W"]:
        """Render one picture."""
        return render_latents(self.generator, [shot.build()], self.noise_mode)[0]

    def save(self, path: str | Path, *, fps: Number = 25, scale: int = 1, columns: int | None = None) -> Path:
        """Render everything to a file or folder, picture by picture.

        Args:
            path: ``.mp4``, ``.gif``, ``.webp``: a video; ``.png``: a sheet with captions and borders; without an
                ending: a folder of ``0000.png`` and so on.
            fps: Frames a second of a video.
            scale: Enlarge every picture by this whole number.
            columns: Pictures a row on a sheet; None: as the edit has it.

        Returns:
            The path.

        Raises:
            ConfigError: An unknown ending, a folder that is not empty, or a video without its encoder.
        """
        look = Look(fps, scale, self.columns if columns is None else columns, self.captions())
        with open_sink(path, look) as add:
            for shot in self.shots_for(path):
                add(to_uint8(self.render_shot(shot).unsqueeze(0))[0].cpu().numpy())
        return Path(path)
