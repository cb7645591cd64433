"""What a logger may be able to take besides numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image
from pytorch_lightning.loggers import Logger

from i2s_lightning.drawing.curves import Curve

Cell = str | int | float | None | Image.Image


class Media:
    """One logger; what it can't take is left out, without a word.

    Args:
        logger: Lightning's.
    """

    takes_tables: ClassVar[bool] = False
    """Making a table's pictures takes time; not for loggers that have no use for them."""

    def __init__(self, logger: Logger) -> None:
        self.logger: Any = logger  # its ``experiment`` is the library's own object

    def open(self) -> None:
        """Begin the record.

        Raises:
            ConfigError: The service behind it refuses.
        """

    def settings(self, values: Mapping[str, Any]) -> None:
        """Take nested JSON-able settings."""
        self.logger.log_hyperparams(dict(values))

    def remember(self, folder: Path) -> None:
        """Note in a run folder what it takes to go on with the same record."""

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Take numbers."""
        self.logger.log_metrics(dict(values), step)

    def pictures(self, key: str, pictures: Sequence[Image.Image], captions: Sequence[str], step: int) -> None:
        """Take 8-bit pictures, a caption each."""

    def curves(self, key: str, curves: Mapping[str, Curve], title: str, step: int) -> None:
        """Take named curves over a picture's own optimiser steps."""

    def table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], step: int) -> None:
        """Take a table; cells may be pictures."""

    def video(self, key: str, path: Path, step: int) -> None:
        """Take a finished ``.mp4``, ``.gif`` or ``.webp``."""

    def artifact(self, name: str, files: Mapping[str, Path], facts: Mapping[str, Any], limit: int) -> None:
        """Take files by their names in the artifact; beyond ``limit`` bytes in all, only where they lie."""

    def alert(self, title: str, text: str) -> None:
        """Tell whoever watches that something asks for attention."""
