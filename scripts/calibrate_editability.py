"""Check the verdicts of ``editability`` against edits whose truth is known.

    python scripts/calibrate_editability.py --out runs/calibration

Heads are turned by the direction ``yaw`` that comes with the generator, to both sides, and compared with renders of the
same person who really turns. An edit works if it comes nearer to that render than the unedited picture is, both as
embedded. Pictures that the generator knows are held-out renders; those that it does not know are the same upside down
(their truth too), and the shipped photographs and noise, which have no truth. All are embedded shortly, longer, as the
quick start does, and in W. Interrupted runs are gone on with.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from faces.people import Person
from faces.portrait import render
from measures.embedding import embed
from measures.pictures import Picture, person, photographs
from torch import Tensor

from i2s_lightning import edits
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ops.images import from_uint8

ROOT = Path(__file__).parents[1]
STRENGTH = 1.5
TURN = 0.217 * STRENGTH
"""Radians: a strength of 1 turns the generator's own samples by 0.8 of the renders' deviation, which is 0.27."""
QUICK_START = ROOT / "configs/embed.yaml"
SETTINGS: dict[str, dict[str, Any]] = {
    "W+, 50 steps of Adam(0.01)": {"steps": 50},
    "W+, 200 steps of Adam(0.01)": {"steps": 200},
    "W+, the quick start's 130": {"steps": 130, "config": QUICK_START},
    "W, the quick start's, 100": {"steps": 100, "config": QUICK_START, "space": "w"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="faces64", help="one that has the direction yaw")
    parser.add_argument("--out", type=Path, default=Path("runs/calibration"))
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--settings", type=int, nargs="+", default=range(len(SETTINGS)), help="numbers of those to do")
    options = parser.parse_args()
    people = [person(i) for i in range(options.people)]
    turned = {side: [render(turn(who, side * TURN), 64) for who in people] for side in (-1, 0, 1)}
    known = {f"render_{i}": picture for i, picture in enumerate(turned[0])}
    strange = {f"turned_{i}": upside_down(picture) for i, picture in enumerate(turned[0])}
    truth = {
        side: dict(zip((*known, *strange), (*turned[side], *map(upside_down, turned[side])), strict=True))
        for side in (-1, 1)
    }
    by_verdict: dict[str, list[bool]] = defaultdict(list)
    print("| embedded | pictures | PSNR dB | to w_avg | typicality | edits that work | change of distance |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for i in options.settings:
        title = list(SETTINGS)[i]
        pictures = known | strange | without_truth()
        folder = options.out / str(i)
        embedding = embed(pictures, folder, generator=options.generator, **SETTINGS[title])
        reports = {r.name: r for r in edits.report(embedding)}
        for kind, names in (("renders", known), ("upside down", strange)):
            change = changes(embedding, list(names), truth)
            row = [reports[name] for name in names]
            for r, pair in zip(row, change, strict=True):
                by_verdict[r.verdict] += [float(value) < 1 for value in pair]
            print(line(title, kind, row, f"{int((change < 1).sum())} of {change.numel()} | {float(change.mean()):.2f}"))
        for name in without_truth():
            print(line(title, name, [reports[name]], " | "))
    print("\n| verdict | edits that work |\n|---|---:|")
    for verdict, worked in by_verdict.items():
        print(f"| {verdict} | {sum(worked)} of {len(worked)} |")


def line(title: str, kind: str, reports: list[edits.Report], rest: str) -> str:
    """Lay out a line of the table."""
    psnr, far, typical = (
        np.array([getattr(r, key) for r in reports]) for key in ("psnr", "w_avg_distance", "typicality")
    )
    spread = f"{typical.min():.1f} to {typical.max():.1f}" if len(typical) > 1 else f"{typical[0]:.1f}"
    return f"| {title} | {kind} | {psnr.mean():.1f} | {far.mean():.0f} | {spread} | {rest} |"


@torch.no_grad()
def changes(embedding: Embedding, names: list[str], truth: Mapping[int, Mapping[str, Picture]]) -> Tensor:
    """Turn heads; divide the distance from the truth by that of the unedited picture: ``(N, 2)``, below 1 if better."""
    distance = PerceptualDistance()
    before = embedding.render(names).clamp(-1, 1)
    columns = []
    for side in (-1, 1):
        after = edits.edit(embedding, names, direction="yaw", strength=side * STRENGTH).render().clamp(-1, 1)
        wanted = torch.cat([from_uint8(torch.from_numpy(truth[side][name].copy())[None]) for name in names])
        columns.append(distance(after, wanted) / distance(before, wanted))
    return torch.stack(columns, dim=1)


def turn(who: Person, yaw: float) -> Person:
    """Turn somebody's head further."""
    return replace(who, pose=who.pose + np.array([yaw, 0.0, 0.0]))


def upside_down(picture: Picture) -> Picture:
    """Turn a picture by 180 degrees."""
    return picture[::-1, ::-1].copy()


def without_truth() -> dict[str, Picture]:
    """Give photographs, and noise."""
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    return photographs() | {"noise": noise}


if __name__ == "__main__":
    main()
