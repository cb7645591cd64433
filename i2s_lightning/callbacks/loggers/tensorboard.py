"""TensorBoard: pictures and curves as images, alerts as text."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from i2s_lightning.callbacks.loggers.base import Media
from i2s_lightning.drawing.curves import Curve, draw_curves


class TensorBoardMedia(Media):
    """Lightning's ``TensorBoardLogger``."""

    def pictures(self, key: str, pictures: Sequence[Image.Image], captions: Sequence[str], step: int) -> None:
        """Log each under a tag of its own; TensorBoard has no captions."""
        for i, picture in enumerate(pictures):
            tag = f"{key}/{i}" if len(pictures) > 1 else key
            self.logger.experiment.add_image(tag, np.asarray(picture.convert("RGB")), step, dataformats="HWC")

    def curves(self, key: str, curves: Mapping[str, Curve], title: str, step: int) -> None:
        """Draw them: curves of TensorBoard's own can't be taken back when others become the worst."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "curves.png"
            draw_curves(path, curves, ylabel="loss", title=title)
            with Image.open(path) as picture:
                self.pictures(key, [picture], [title], step)

    def video(self, key: str, path: Path, step: int) -> None:
        """Say where it lies: TensorBoard would want it decoded."""
        self.logger.experiment.add_text(key, str(path), step)

    def alert(self, title: str, text: str) -> None:
        """Log a text."""
        self.logger.experiment.add_text(f"alerts/{title}", text)
