"""Pictures for a report of what ``fit`` embedded earlier, or elsewhere."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.data.targets import Targets
from i2s_lightning.errors import ImageError
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.report.pictures import Facts, PictureFolder, Pixels

Track = Callable[[Iterable[str]], Iterable[str]]


def prepare(
    embedding: Embedding, pictures: PictureFolder, *, data: Path | None, renders: Path | None, track: Track = iter
) -> list[str]:
    """Make the pictures that a report lacks.

    Args:
        embedding: Has the results.
        pictures: What is there, and where the others go.
        data: Where the targets are now; None: where they were.
        renders: Where ``fit`` left its renders; what is not there is rendered.
        track: Shows progress over the names that it passes on.

    Returns:
        The pictures whose targets are not to be found.

    Raises:
        CheckpointError: A picture has to be rendered, and the generator is gone.
    """
    missing = [name for name, record in embedding.metrics.items() if _lacks(pictures.read(record))]
    targets = Targets(embedding, data)
    lacking: list[str] = []
    for name in track(missing):
        record = embedding.metrics[name]
        facts = pictures.read(record) or Facts()
        try:
            target, note = to_uint8(targets(name).unsqueeze(0))[0].numpy(), ""
        except ImageError as error:
            target, note = None, str(error)
        seen = _embedding(embedding, name, renders)
        pictures.write(record, seen, target, Facts(facts.steps, facts.losses, note))
        lacking += [name] if note else []
    return lacking


def _lacks(facts: Facts | None) -> bool:
    return facts is None or bool(facts.note)


def _embedding(embedding: Embedding, name: str, renders: Path | None) -> Pixels:
    """Read a render, or make it."""
    height, width = embedding.run["generator"]["img_shape"]
    try:
        if renders is not None:
            with Image.open(renders / f"{name}.png") as image:
                if image.size == (width, height):
                    return np.asarray(image).reshape(height, width, -1)
    except OSError:
        pass  # lost or damaged: it comes out of the latent again
    return to_uint8(embedding.render_one(name).unsqueeze(0))[0].numpy()
