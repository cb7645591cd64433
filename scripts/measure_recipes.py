"""Measure what recipes reach, and when: ``python scripts/measure_recipes.py --out runs/recipes``.

Every recipe embeds the same pictures, all in one batch: renders of people held out from the generator's training (seed
20261123, from number 100 on) and the two shipped photographs. Seconds are the processor's, on one thread, a picture,
without the program's start. Runs that were cut off are gone on with, and those that are done are not made again.
``--store`` renews the table in ``docs/speed.md`` and the curves in ``docs/images/recipes.png``.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.grid import grid
from matplotlib.figure import Figure
from measures.pictures import PHOTOGRAPHS, held_out, photographs
from PIL import Image

from i2s_lightning import load_embedding

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "speed.md"
FIRST = 100
"""Number of the first render."""
_RAMP = ["optimizer.init_args.lr=0.1", "lr_scheduler=Ramp", "lr_scheduler.init_args.steps=1000", "steps=1000"]
_COSINE = ["lr_scheduler=CosineAnnealingLR", "lr_scheduler.init_args.T_max=300", "lr_scheduler.init_args.eta_min=0.002"]
_ADAM = ["optimizer.init_args.lr=0.05", *_COSINE, "steps=300"]
RECIPES: dict[str, list[str]] = {
    "paper": ["--config=configs/paper.yaml"],
    "ramp": ["--config=configs/paper.yaml", *(f"--model.{word}" for word in _RAMP)],
    "adam": ["--config=configs/paper.yaml", *(f"--model.{word}" for word in _ADAM)],
    "embed": ["--config=configs/embed.yaml"],
    "fast": ["--config=configs/fast.yaml"],
    "draft": ["--config=configs/draft.yaml"],
}
TENTH = 0.1
Look = Mapping[str, Any]
Curve = list[Look]


def main() -> None:
    options = _parse()
    pictures = options.out / "pictures"
    make_pictures(pictures, options.renders)
    count = options.renders + len(PHOTOGRAPHS)
    for name in options.recipes:
        embed(RECIPES[name], pictures, count, options.out / name, options.out / f"{name}.json")
    curves = {name: json.loads(path.read_text()) for name in RECIPES if (path := options.out / f"{name}.json").exists()}
    far = {name: load_embedding(options.out / name).metrics for name in curves}
    text = table(curves, {name: [records[p]["w_avg_distance"] for p in records] for name, records in far.items()})
    print(text)
    draw(curves, options.out / "recipes.png")
    if options.store:
        draw(curves, DOCUMENT.parent / "images" / "recipes.png")
        made = f"{count} pictures in one batch, {datetime.now(UTC).date().isoformat()}."
        pattern = re.compile(r"(<!-- recipes -->\n).*?(<!-- end -->)", re.DOTALL)
        document = pattern.sub(lambda m: f"{m[1]}{text}\n\n{made}\n{m[2]}", DOCUMENT.read_text())
        DOCUMENT.write_text(document)


def make_pictures(folder: Path, renders: int) -> None:
    """Render people and fetch photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (held_out(range(FIRST, FIRST + renders)) | photographs()).items():
        Image.fromarray(picture).save(folder / f"{name}.png")


def embed(recipe: list[str], pictures: Path, count: int, out: Path, path: Path) -> None:
    """Embed pictures as a user would, with somebody who looks on."""
    settings = {
        "out": out,
        "data.path": pictures,
        "data.batch_size": count,
        "trainer.accelerator": "cpu",
        "trainer.callbacks+": "measures.progress.Progress",
        "trainer.callbacks.path": path,
    }
    words = [*recipe, *(f"--{name}={value}" for name, value in settings.items())]
    environment = {"OMP_NUM_THREADS": "1"} | os.environ
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, ROOT / "scripts")))
    subprocess.run([sys.executable, "-m", "i2s_lightning", "fit", *words], check=True, cwd=ROOT, env=environment)


def table(curves: Mapping[str, Curve], far: Mapping[str, Sequence[float]]) -> str:
    """Lay out what each recipe reaches, how far from w_avg, and when it reaches what the paper's ends with."""
    head = ["recipe", "steps", "CPU s a picture", "loss: renders, photographs", "PSNR", "from w_avg"]
    head += ["reach the paper's loss", "reach the ramp's loss"]
    lines = []
    for name, curve in curves.items():
        last = curve[-1]
        values = {key: [median(p[key] for p in group) for group in _groups(last).values()] for key in ("loss", "psnr")}
        cells = [
            *(f"`{name}`", f"{last['step']}", f"{last['seconds']:.3g}"),
            *(
                ", ".join(f"{v:.4f}" for v in values["loss"]),
                ", ".join(f"{v:.1f}" for v in values["psnr"]),
                f"{median(far[name]):.0f}",
            ),
            *(
                against(curve, curves[other]) if other in curves and other != name else ""
                for other in ("paper", "ramp")
            ),
        ]
        lines.append(cells)
    return grid(head, 1, lines)


def against(curve: Curve, other: Curve) -> str:
    """Count the pictures that reach the loss that they have at the end of another recipe, and say when."""
    goals = {name: picture["loss"] for name, picture in other[-1]["pictures"].items()}
    reached = [next((look for look in curve if look["pictures"][n]["loss"] <= g), None) for n, g in goals.items()]
    there = [look for look in reached if look]
    if not there:
        return f"0 of {len(goals)}"
    shares = [look["seconds"] / other[-1]["seconds"] for look in there]
    soon = sum(share <= TENTH for share in shares)
    return f"{len(there)} of {len(goals)}, {soon} in a tenth of its time (median {median(shares):.2f} of it)"


def draw(curves: Mapping[str, Curve], path: Path) -> None:
    """Draw the median loss and PSNR of renders and photographs over seconds."""
    figure = Figure(figsize=(10, 7), dpi=100, layout="constrained")
    panels = figure.subplots(2, 2, sharex=True)
    for row, key in zip(panels, ("loss", "psnr"), strict=True):
        for axes, group in zip(row, ("renders", "photographs"), strict=True):
            for name, curve in curves.items():
                values = [median(picture[key] for picture in _groups(look)[group]) for look in curve]
                axes.plot([look["seconds"] for look in curve], values, label=name, linewidth=1.4)
            axes.set(xscale="log", title=group, ylabel={"loss": "loss (equation 1)", "psnr": "PSNR, dB"}[key])
            axes.set_yscale("log" if key == "loss" else "linear")
            axes.grid(which="both", alpha=0.25)
    for axes in panels[1]:
        axes.set_xlabel("CPU seconds a picture, one thread")
    panels[0][0].legend(fontsize=9)
    figure.savefig(path)


def _groups(look: Look) -> dict[str, list[dict[str, float]]]:
    groups: dict[str, list[dict[str, float]]] = {"renders": [], "photographs": []}
    for name, picture in look["pictures"].items():
        groups["photographs" if name in PHOTOGRAPHS else "renders"].append(picture)
    return groups


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=lambda word: Path(word).resolve(), default=ROOT / "runs" / "recipes")
    parser.add_argument("--renders", type=int, default=4)
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES), help="to run; none: only the table")
    parser.add_argument("--store", action="store_true", help="renew docs/speed.md and docs/images/recipes.png")
    return parser.parse_args()


if __name__ == "__main__":
    main()
