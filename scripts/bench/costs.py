"""What ``fit`` and other commands cost, as batch and number of pictures grow; nothing to compare with."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from bench.harness import Case, Step, Values, Variant
from bench.nvlabs import STEPS
from bench.product import embedding_run
from bench.steps import SHIPPED, ours, start

from i2s_lightning.generators.load import BUNDLED

PROGRAM = ("-m", "i2s_lightning")
AT_A_TIME = 8
PICTURE = BUNDLED["faces64"].parent / "pictures" / "ben.png"


def command(words: Sequence[str]) -> Step:
    """Start Python with some words, as a user does; OUT is an empty folder."""

    def step() -> Values:
        with tempfile.TemporaryDirectory() as name:
            line = [word.replace("OUT", f"{name}/run") for word in words]
            subprocess.run([sys.executable, *line], check=True, capture_output=True)
        return {}

    return step


def a_step(resolution: int, batch: int) -> Step:
    """Take a step, whose values are compared elsewhere."""
    step = ours(resolution, batch, torch.float32)

    def alone() -> Values:
        step()
        return {}

    return alone


def a_run(count: int) -> Step:
    """Embed so many pictures of the shipped generator's size, a few at a time, in a few steps."""
    targets = start(SHIPPED, count)[2]
    folder = Path(tempfile.mkdtemp())

    def step() -> Values:
        embedding_run(folder, BUNDLED["faces64"], targets, STEPS, batch_size=AT_A_TIME)
        return {}

    return step


def _grown(resolution: int, batches: list[int]) -> Case:
    variants = [Variant(f"{n} at a time", partial(a_step, resolution, n), pictures=n) for n in batches]
    return Case(f"batch-{resolution}", "batch", 1, variants)


COMMANDS = {
    "import torch": ["-c", "import torch"],
    "import pytorch_lightning": ["-c", "import pytorch_lightning"],
    "import i2s_lightning": ["-c", "import i2s_lightning"],
    "--help": [*PROGRAM, "--help"],
    "inspect --help": [*PROGRAM, "inspect", "--help"],
    "morph --help": [*PROGRAM, "morph", "--help"],
    "fit --help": [*PROGRAM, "fit", "--help"],
    "fit, one step of one picture": [*PROGRAM, "fit", "--model.steps=1", f"--data.path={PICTURE}", "--out=OUT"],
}

CASES = [
    _grown(SHIPPED, [1, 2, 4, 8, 16]),
    _grown(256, [1, 2, 4]),
    Case(
        "many",
        "many",
        1,
        [Variant(f"{n} pictures", partial(a_run, n), pictures=AT_A_TIME) for n in (8, 16, 32)],
        repeats=3,
    ),
    Case("start", "start", 1, [Variant(k, partial(command, v)) for k, v in COMMANDS.items()], repeats=3),
]
