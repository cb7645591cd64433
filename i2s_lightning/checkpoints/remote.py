"""Embeddings that lie elsewhere: artifacts of Weights and Biases, kept in the cache once fetched."""

import logging
import re
import tempfile
from pathlib import Path
from typing import Final

from i2s_lightning.errors import CheckpointError
from i2s_lightning.generators.named import cache_folder

log = logging.getLogger(__name__)

PREFIX: Final = "wandb:"
FORM: Final = "wandb:ENTITY/PROJECT/NAME:VERSION"


def is_remote(path: str | Path) -> bool:
    """Tell an artifact's name from a path."""
    return str(path).startswith(PREFIX)


def local_copy(path: str | Path) -> Path:
    """Give the folder that holds an embedding; fetch it if need be.

    Args:
        path: A path, which is given back, or ``wandb:ENTITY/PROJECT/NAME:VERSION``. A version is ``v3``, or an alias
            such as ``latest``, which the server is asked about. A version never changes: one that was fetched before
            needs no server.

    Raises:
        CheckpointError: The name reads otherwise, or the server or its client refuses.
    """
    if not is_remote(path):
        return Path(path)
    match = re.fullmatch(rf"{PREFIX}(\w[\w.-]*)/(\w[\w.-]*)/(\w[\w.-]*):(\w[\w.-]*)", str(path))
    if match is None:
        raise CheckpointError(f"expected {FORM}; got {str(path)!r}")
    entity, project, name, version = match.groups()
    home = cache_folder() / "wandb" / entity / project / name
    if re.fullmatch(r"v\d+", version) and (home / version).is_dir():
        return home / version
    return _fetch(f"{entity}/{project}/{name}:{version}", home)


def _fetch(name: str, home: Path) -> Path:
    import wandb

    try:
        artifact = wandb.Api().artifact(name)
        folder = home / str(artifact.version)
        if not folder.is_dir():
            log.info("fetching %s to %s", name, folder)
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=home) as draft:
                Path(artifact.download(root=f"{draft}/all")).rename(folder)  # whole or absent
    except (wandb.Error, ValueError, OSError) as error:
        raise CheckpointError(
            f"can't get {name} from Weights and Biases: {error}. Is the name right, and are you logged in "
            "(wandb login, or WANDB_API_KEY)?"
        ) from error
    return folder
