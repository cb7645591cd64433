"""Frames from the one before or each by itself: ``python scripts/measure_sequence.py`` prints a Markdown table.

One rendered person begins to laugh, turns the head, and comes back. The frames are embedded independently of each other
with all steps, independently with few, and as a sequence with few. Measured are the likeness, the processor's seconds,
how far latents move from frame to frame, and flicker: the frames' second difference in time that the true frames do not
have, in grey levels. ``--film`` shows true frames above all embeddings.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from faces.people import Person
from faces.portrait import person_of, preset_actions, render
from PIL import Image
from scale.runs import Run, fit, table
from torch import Tensor

from i2s_lightning.edits.sinks import Look, open_sink
from i2s_lightning.ops.images import to_uint8

HEAD = ("frames", "steps a frame", "PSNR dB", "perceptual", "CPU s a frame", "latent a frame", "flicker")
CONFIG = Path(__file__).parents[1] / "configs" / "embed.yaml"
HELD_OUT = 20261123


def frame(person: Person, moment: float) -> Person:
    """Give the person at a moment of the film, from 0 to 1."""
    swing = np.sin(np.pi * moment) ** 2
    turned = person.pose + np.array([0.25 * np.sin(2 * np.pi * moment), 0.0, 0.0])
    return replace(person.with_actions(preset_actions("laugh", swing)), pose=turned)


def make_frames(folder: Path, person: int, count: int) -> Tensor:
    """Render the film, ``(count, H, W, C)`` uint8; frames that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    who = person_of(HELD_OUT, person)
    for i in range(count):
        path = folder / f"{i:04d}.png"
        if not path.exists():
            Image.fromarray(render(frame(who, i / (count - 1)), 64)).save(path)
    return torch.from_numpy(np.stack([np.array(Image.open(folder / f"{i:04d}.png")) for i in range(count)]))


def shown(run: Run) -> Tensor:
    """Render what was embedded, ``(count, H, W, C)`` uint8."""
    return torch.stack([to_uint8(run.embedding.render_one(n)[None])[0] for n in run.embedding.names])


def flicker(frames: Tensor, truth: Tensor) -> float:
    """Measure the second difference in time that the truth does not have: root mean square, grey levels."""
    extra = torch.diff(frames.float() - truth.float(), n=2, dim=0)
    return float(extra.square().mean().sqrt())


def row(title: str, run: Run, frames: Tensor, truth: Tensor) -> list[str]:
    """Describe a run."""
    moves = torch.diff(run.embedding.ws, dim=0).flatten(1).norm(dim=1).mean()
    seconds = run.longest("cpu_seconds") / len(run.embedding)
    likeness = (f"{run.mean('psnr'):.2f}", f"{run.mean('perceptual'):.4f}")
    last = (f"{seconds:.1f}", f"{float(moves):.2f}", f"{flicker(frames, truth):.2f}")
    return [title, f"{run.mean('steps'):.0f}", *likeness, *last]


def save_film(path: Path, films: list[Tensor]) -> None:
    """Show films above each other."""
    with open_sink(path, Look(fps=12, scale=2)) as add:
        for moment in zip(*films, strict=True):
            add(torch.cat(moment).numpy())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--person", type=int, default=108)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--sequence", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("runs/sequence"))
    parser.add_argument("--film", type=Path, help="such as film.gif")
    options = parser.parse_args()
    truth = make_frames(options.out / "frames", options.person, options.frames)
    few = {"model.steps": options.sequence}
    runs: dict[str, Mapping[str, object]] = {
        "independent, all steps": {"data.batch_size": 8},
        "independent, few steps": few | {"data.batch_size": 8},
        "sequence": {"model.sequence": options.sequence, "data.batch_size": 1},
    }
    common = {"config": CONFIG, "data.path": options.out / "frames", "model.steps": options.steps}
    common |= {"trainer.accelerator": "cpu", "trainer.enable_progress_bar": "false"}
    rows, films = [], [truth]
    for number, (title, settings) in enumerate(runs.items()):
        run = fit(options.out / f"run{number}", common | settings)
        films.append(shown(run))
        rows.append(row(title, run, films[-1], truth))
    print(f"{options.frames} frames, {options.steps} steps, {options.sequence} after another frame, {CONFIG.name}\n")
    print(table(HEAD, rows))
    if options.film:
        save_film(options.film, films)


if __name__ == "__main__":
    main()
