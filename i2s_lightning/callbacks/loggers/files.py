"""Beside a CSV logger's numbers: pictures as files, in ``media/KEY/STEP.png``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from i2s_lightning.callbacks.loggers.base import Media
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.drawing.curves import Curve, draw_curves


class FileMedia(Media):
    """Lightning's ``CSVLogger``."""

    def pictures(self, key: str, pictures: Sequence[Image.Image], captions: Sequence[str], step: int) -> None:
        """Write one file a picture; several of one step are numbered."""
        for i, picture in enumerate(pictures):
            with replacing(self._path(key, step, f"-{i}" if len(pictures) > 1 else ""), settle=False) as draft:
                picture.save(draft)

    def curves(self, key: str, curves: Mapping[str, Curve], title: str, step: int) -> None:
        """Draw them."""
        with replacing(self._path(key, step), settle=False) as draft:
            draw_curves(draft, curves, ylabel="loss", title=title)

    def _path(self, key: str, step: int, number: str = "") -> Path:
        return Path(self.logger.log_dir) / "media" / key / f"{step:07d}{number}.png"
