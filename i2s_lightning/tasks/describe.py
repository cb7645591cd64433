"""The record of a run: what decides its results, and with what they were made."""

import datetime
import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from i2s_lightning.tasks.schedule import trial_optimizer

if TYPE_CHECKING:
    from i2s_lightning.tasks.embed import Embed

PACKAGES = ("i2s_lightning", "torch", "pytorch-lightning", "torchmetrics", "pillow", "numpy")


def run(task: "Embed") -> dict[str, Any]:
    """Describe a run as JSON-able values.

    ``settings`` holds everything that decides a picture's latent besides the picture and the generator; two runs with
    equal settings may go on from one another.
    """
    generator = task.generator
    return {
        "generator": {
            "file": task.generator_file,
            "sha256": generator.sha256,
            "family": generator.family,
            "num_ws": generator.num_ws,
            "w_dim": generator.w_dim,
            "img_shape": list(generator.img_shape),
            "img_channels": generator.img_channels,
        },
        "settings": {
            "space": task.space.name,
            "label": task.space.label,
            "init": task.initial.describe(),
            "steps": task.steps,
            "sequence": task.sequence,
            "losses": task.objective.describe(),
            "optimizer": _optimizer(task),
            "noise": task.noise,
            "stop": {"patience": task.patience, "min_delta": task.min_delta, "target_loss": task.target_loss},
            "seed": task.seed,
            "data": task.data.describe(),
            "precision": str(task.trainer.precision),
            "gradient_clip": [task.trainer.gradient_clip_val, task.trainer.gradient_clip_algorithm],
        },
        "processes": task.trainer.world_size,
        "perceptual": task.perceptual.features.describe(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _optimizer(task: "Embed") -> dict[str, Any]:
    """Name the optimiser, its options, and the learning rates that the schedule gives."""
    probe = trial_optimizer(task.optimizer)
    options = {key: value for key, value in probe.defaults.items() if key != "params"}
    rates = hashlib.sha256(json.dumps(task.lr_table).encode()).hexdigest()
    return {
        "class": type(probe).__name__,
        "options": json.loads(json.dumps(options, default=str)),
        "lr_table": rates[:16],
    }
