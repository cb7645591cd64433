"""The pictures at hand: those of the embedding that was opened, and what a session has added."""

from typing import Any

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.latent import Latent, stored


class Library:
    """Embedded pictures by name, of one or more embeddings in the same generator.

    Args:
        embedding: The first one.
    """

    def __init__(self, embedding: Embedding) -> None:
        self._parts = [embedding]

    @property
    def names(self) -> list[str]:
        """All names; what was added comes last."""
        return [name for part in self._parts for name in part.names]

    def add(self, embedding: Embedding) -> None:
        """Take in pictures whose names are new."""
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
