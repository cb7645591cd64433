"""What one browser session has: pictures, a folder of its own, and at most one embedding that runs."""

import datetime
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.callbacks.pictures import write_png
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.data.decode import decode_picture
from i2s_lightning.edits.direction_files import Direction
from i2s_lightning.edits.latent import Latent
from i2s_lightning.errors import ConfigError, ImageError
from i2s_lightning.studio.adding import Progress, Watcher, embed_picture, preprocess_of
from i2s_lightning.studio.library import Library
from i2s_lightning.studio.names import safe_name
from i2s_lightning.studio.recipe import Recipe, build, remark
from i2s_lightning.studio.rendering import Pixels, pixels_of
from i2s_lightning.studio.saving import Saved, save_edit

LOOK_EVERY = 0.25
"""Seconds between two looks at an embedding that runs."""


@dataclass(frozen=True)
class Studio:
    """What all sessions share; nothing in it changes.

    Attributes:
        embedding: The pictures that were opened.
        names: Those that are offered.
        directions: By name.
        out: Each session keeps its things in a folder below.
        init: Where embeddings start, as :class:`~i2s_lightning.tasks.embed.Embed` takes it.
        most_pixels: Larger uploads are refused.
        expressions: What the expressions that come with the generator span, orthonormal; None: none do.
    """

    embedding: Embedding
    names: Sequence[str]
    directions: Mapping[str, Direction]
    out: Path
    init: str = "mean"
    most_pixels: int = 50_000_000
    expressions: Float[Tensor, "R L D"] | None = None


@dataclass(frozen=True)
class Upload:
    """A picture that waits to be embedded: its name, and its pixels at the generator's size."""

    name: str
    pixels: Pixels


@dataclass(frozen=True)
class Ended:
    """How an embedding ended: the name under which the picture is at hand now, or None if it was stopped."""

    name: str | None


class Session:
    """One browser's work. Its folder is made when there is something to keep.

    Args:
        studio: Shared.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.library = Library(studio.embedding, studio.names)
        self.upload: Upload | None = None
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        self.folder = studio.out / f"{stamp}-{secrets.token_hex(3)}"
        self._watcher: Watcher | None = None

    # ---- edits

    def latent(self, recipe: Recipe) -> Latent:
        """Follow a recipe.

        Raises:
            I2SError: It names what is not there, or its parts do not fit each other.
        """
        studio = self.studio
        return build(recipe, self.library.latent, studio.directions, studio.embedding.generator, studio.expressions)

    def picture(self, recipe: Recipe) -> Pixels:
        """Follow a recipe and render what comes of it."""
        return pixels_of(self.studio.embedding, self.latent(recipe))

    def remark(self, recipe: Recipe) -> str:
        """Say what a user may wonder about; mostly nothing."""
        return remark(recipe, self.library.latent)

    def save(self, recipe: Recipe, name: str) -> Saved:
        """Keep an edit under a name like the one given: a free one, safe for files."""
        folder = self.folder / "edits"
        taken = [*self.library.taken, *(path.stem for path in folder.glob("*"))]
        wanted = safe_name(name, taken)
        return save_edit(folder, wanted, recipe, self.latent(recipe), self.library, self.studio.embedding)

    # ---- uploads

    def take(self, data: bytes, name: str) -> Upload:
        """Decode an upload and bring it to the generator's size; nothing of the file itself is kept.

        Args:
            data: The file.
            name: What it was called.

        Raises:
            ImageError: It is no picture, damaged, or too large.
            ConfigError: Another one is being embedded.
        """
        self._refuse_two()
        preprocess = preprocess_of(self.studio.embedding)
        generator = self.studio.embedding.generator
        limit, background = self.studio.most_pixels, preprocess.background
        try:
            pixels = decode_picture(data, generator.img_channels, background=background, most_pixels=limit)
        except ImageError as error:
            raise ImageError(f"This file can't be used: {error}") from error
        self.upload = Upload(safe_name(Path(name).stem, self.library.taken), preprocess(pixels, generator.img_shape))
        return self.upload

    def begin(self) -> None:
        """Make room for :meth:`embed`, which may have to wait for its turn; from now on :meth:`stop` works.

        Raises:
            ConfigError: There is nothing to embed, or an embedding runs already.
        """
        if self.upload is None:
            raise ConfigError("Choose a picture first.")
        self._refuse_two()
        self._watcher = Watcher()

    def stop(self) -> None:
        """End the embedding that runs or waits, if any, at its next step."""
        if self._watcher is not None:
            self._watcher.stop()

    def _refuse_two(self) -> None:
        if self._watcher is not None:
            raise ConfigError("A picture is being embedded already; wait for it, or cancel it.")

    def embed(self, steps: int) -> Iterator[Progress | Ended]:
        """Embed the upload in a thread, and tell how far it is; when the iterator is closed, the thread ends, too.

        Args:
            steps: Optimiser steps.

        Yields:
            Progress several times a second, then how it ended.

        Raises:
            I2SError: It can't be embedded.
        """
        assert self.upload is not None
        assert self._watcher is not None
        watcher, upload = self._watcher, self.upload
        picture, out = self.folder / "pictures" / f"{upload.name}.png", self.folder / "embedded" / upload.name
        embedding: Embedding | None = None
        try:
            if not watcher.stopped:
                write_png(picture, torch.from_numpy(upload.pixels))
                with ThreadPoolExecutor(1) as pool:
                    like, init = self.studio.embedding, self.studio.init
                    job = pool.submit(embed_picture, picture, out, like, init=init, steps=steps, watcher=watcher)
                    try:
                        while not wait([job], timeout=LOOK_EVERY).done:
                            yield watcher.progress
                    finally:
                        watcher.stop()  # does nothing to a job that is done
                    embedding = job.result()
            if embedding is not None:
                self.library.add(embedding)
                self.upload = None
        finally:
            self._watcher = None
            if embedding is None:
                picture.unlink(missing_ok=True)
                shutil.rmtree(out, ignore_errors=True)
        yield Ended(None if embedding is None else upload.name)
