"""Keeping an edit: a latent that every verb opens, and its picture."""

from dataclasses import dataclass
from pathlib import Path

from i2s_lightning.callbacks.pictures import write_png
from i2s_lightning.checkpoints import Embedding, Result, load_embedding
from i2s_lightning.checkpoints.store import ENDING, write_shard
from i2s_lightning.edits.latent import Latent
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.studio.library import Library
from i2s_lightning.studio.recipe import Recipe

STATUS = "edited"


@dataclass(frozen=True)
class Saved:
    """What was written.

    Attributes:
        name: The edit's.
        latents: An embedding of one picture, ``.safetensors``.
        picture: Its render, ``.png``.
    """

    name: str
    latents: Path
    picture: Path


def save_edit(folder: Path, name: str, recipe: Recipe, latent: Latent, library: Library, embedding: Embedding) -> Saved:
    """Write an edited latent, and the picture that the written file renders to.

    The record says which edit it was (``edit``, from which :class:`Recipe` makes it again) and of which pictures
    (``sources``: the hashes of the files that were embedded, where they are known).

    Args:
        folder: Where to.
        name: A name that is safe for files; existing files of this name are replaced.
        recipe: What was done.
        latent: What came of it.
        library: Has the recipe's pictures.
        embedding: Tells of the generator, and how the pictures were embedded.
    """
    saved = Saved(name, folder / f"{name}{ENDING}", folder / f"{name}.png")
    sources = {source: library.record(source).get("sha256") for source in recipe.pictures()}
    record = {"name": name, "status": STATUS, "edit": recipe.facts(), "sources": sources}
    maps = {f"noise_{i:02d}": noise for i, noise in enumerate(latent.noise or [])}
    run = {**embedding.run, "settings": {**embedding.run["settings"], "space": "w_plus"}}
    write_shard(saved.latents, [Result(record, {"ws": latent.ws, **maps})], run)
    written = load_embedding(saved.latents, embedding.generator)
    write_png(saved.picture, to_uint8(written.render([name]))[0])
    return saved
