"""The pictures at hand: those of the embedding that was opened, and what a session has added."""

from collections.abc import Sequence
from typing import Any

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.latent import Latent, stored


class Library:
    """Embedded pictures by name, of one or more embeddings in the same generator.

    Args:
        embedding: The first one.
        names: Those of its pictures that are offered.
    """

    def __init__(self, embedding: Embedding, names: Sequence[str]) -> None:
        self._parts = [embedding]
        self._offered = list(names)

    @property
    def names(self) -> list[str]:
        """What is offered; what was added comes last."""
        return [*self._offered, *(name for part in self._parts[1:] for name in part.names)]

    @property
    def taken(self) -> list[str]:
        """All names that stand for a picture, offered or not."""
        return [name for part in self._parts for name in part.names]

    def add(self, embedding: Embedding) -> None:
        """Take in, and offer, pictures whose names are not :attr:`taken`."""
        self._parts.append(embedding)

    def latent(self, name: str) -> Latent:
        """Read a picture's latent.

        Raises:
            CheckpointError: There is no such picture; the closest names are told.
        """
        return stored(self._home(name), name)

    def record(self, name: str) -> dict[str, Any]:
        """Read what is known of a picture."""
        return self._home(name).metrics[name]

    def _home(self, name: str) -> Embedding:
        return next((part for part in self._parts if name in part), self._parts[0])
