"""Lightning's checkpoints, written atomically."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from i2s_lightning.checkpoints.atomic import replacing


class AtomicCheckpointIO(TorchCheckpointIO):
    """Replaces a checkpoint only by a complete one.

    Lightning writes to the system's temporary folder and moves the file, which is a copy, and can be cut off, when that
    is another file system.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Save ``checkpoint`` to ``path``."""
        with replacing(Path(path)) as draft:
            torch.save(checkpoint, draft)
