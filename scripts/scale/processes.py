"""How work scales over processes, and what they tell one another: ``python scripts/scale/processes.py``.

Embeds tiny pictures with 1 and with 2 processes, each pinned to a core of its own, and prints images/hour, the number
of collectives by what they are for, and whether all latents are the same bits.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from flat_memory import make_pictures
from runs import PIXEL, Run, fit, table
from tiny_generator import make_generator

PHASES = ("inside rounds", "checkpoints", "between rounds", "start and end")
HEAD = ("processes", "images/hour", "images per CPU hour", "steps a process", *(f"collectives {p}" for p in PHASES))


def row(processes: int, run: Run) -> list[str]:
    """Describe a run; collectives are those of one process."""
    counts = [str(max(figures["collectives"].get(phase, 0) for figures in run.figures)) for phase in PHASES]
    speeds = [f"{run.images_per_hour(key):.0f}" for key in ("seconds", "cpu_seconds")]
    return [str(processes), *speeds, f"{run.longest('steps'):.0f}", *counts]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--round-steps", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--cores", type=int, nargs="+", default=[0, 1], help="one a process")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_generator(folder / "generator.safetensors")
        make_pictures(folder / "pictures", options.pictures)
        settings = {
            "data.path": folder / "pictures",
            "data.batch_size": options.batch_size,
            "model.generator": folder / "generator.safetensors",
            "model.losses": PIXEL,
            "model.steps": options.steps,
            "model.round_steps": options.round_steps,
            "trainer.accelerator": "cpu",
            "trainer.enable_progress_bar": "false",
        }
        runs = {
            count: fit(folder / f"run{count}", settings | {"trainer.devices": count}, cores=options.cores[:count])
            for count in range(1, len(options.cores) + 1)
        }
        same = all(torch.equal(run.embedding.ws, runs[1].embedding.ws) for run in runs.values())
        print(f"{options.pictures} pictures, {options.steps} steps in rounds of {options.round_steps}, one core each\n")
        print(table(HEAD, [row(count, run) for count, run in runs.items()]))
        print(f"\nlatents identical: {'yes' if same else 'NO'}")


if __name__ == "__main__":
    main()
