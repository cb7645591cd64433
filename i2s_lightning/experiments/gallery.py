"""The pictures of an experiment: classes of them, under names that stay the same, in one folder."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.data.listing import Picture, list_pictures
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.errors import ConfigError
from i2s_lightning.experiments.plan import read_yaml

ASSETS = Path(__file__).parent.parent / "assets"
CLASSES = Path(__file__).parent / "classes.yaml"


class Gallery:
    """Collects pictures under ``FOLDER/CLASS/NAME``; a picture's name in every embedding is ``CLASS/NAME``.

    Args:
        folder: Where the pictures are put.
        images: A folder (or what else ``fit`` takes) by class, in place of the pictures that ship.
    """

    def __init__(self, folder: Path, images: Mapping[str, str]) -> None:
        self.folder = folder
        self.shipped = {
            name: [Picture(Path(path).stem, ASSETS / path) for path in paths]
            for name, paths in read_yaml(CLASSES).items()
        }
        self._paths: dict[str, Path] = {}
        self.own = dict(images)
        for name in images:
            if "/" in name or not name:
                raise ConfigError(f"images: expected CLASS=FOLDER with a plain word for the class; got {name!r}")
        self.missing: list[str] = []

    def take(self, name: str, count: int | None = None) -> list[str]:
        """Put pictures of one class into the folder.

        Args:
            name: The class.
            count: The first so many; None: all.

        Returns:
            Their names; none (and a note in ``missing``) when the class has no picture.

        Raises:
            ConfigError: There is no such class.
        """
        sources = list_pictures(self.own[name]) if name in self.own else self.shipped.get(name)
        if sources is None:
            raise ConfigError(f"images: there is no class {name!r}; give --images {name}=FOLDER")
        if not sources and name not in self.missing:
            self.missing.append(name)
        return [self._copy(name, picture) for picture in sources[:count]]

    def put(self, name: str, pixels: Pixels) -> str:
        """Put a picture that was made into the folder, as PNG.

        Args:
            name: ``CLASS/NAME``.
            pixels: ``(H, W, C)`` uint8.

        Returns:
            The name.
        """
        path = self._paths[name] = self.folder / f"{name}.png"
        array = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        if not _holds(path, array):
            with replacing(path) as draft:
                Image.fromarray(array).save(draft)
        return name

    def path(self, name: str) -> Path:
        """Find a picture's file."""
        return self._paths[name]

    def sha256(self, name: str) -> str:
        """Hash a picture's file, as results do."""
        return hashlib.sha256(self.path(name).read_bytes()).hexdigest()

    def listed(self, list_file: Path, names: Sequence[str]) -> None:
        """Add pictures to a list file in the folder."""
        with replacing(list_file) as draft:
            lines = dict.fromkeys([*_lines(list_file), *self._entries(names)])
            draft.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def were_listed(self, list_file: Path, names: Sequence[str]) -> bool:
        """Tell whether an earlier run has listed all of these pictures."""
        return set(self._entries(names)) <= set(_lines(list_file))

    def _entries(self, names: Sequence[str]) -> list[str]:
        return [self.path(name).relative_to(self.folder).as_posix() for name in names]

    def _copy(self, kind: str, picture: Picture) -> str:
        name = f"{kind}/{picture.name.replace('.', '_')}"  # a name that keeps an ending would lose it in ``fit``
        path = self._paths[name] = self.folder / (name + picture.path.suffix)
        if not path.exists() or path.read_bytes() != picture.path.read_bytes():
            with replacing(path) as draft:
                shutil.copyfile(picture.path, draft)
        return name


def _lines(list_file: Path) -> list[str]:
    return list_file.read_text(encoding="utf-8").splitlines() if list_file.exists() else []


def _holds(path: Path, array: np.ndarray) -> bool:
    if not path.exists():
        return False
    with Image.open(path) as there:
        return np.array_equal(np.asarray(there), array)
