"""Embed very many tiny pictures and watch the memory: ``python scripts/scale/flat_memory.py --pictures 100000``.

Makes a 16 px generator and pictures, runs ``fit`` in a process of its own, samples its resident memory, and writes
``memory.csv`` (as it goes) and ``memory.png`` beside the run. The same command goes on after an interruption, like
``fit`` itself; each process is a curve of its own then.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tiny_generator import make_generator

SETTLED = 0.1
"""Share of the pictures after which caches are warm and memory has to be flat."""


class Sample(NamedTuple):
    """One look at a process."""

    process: int
    seconds: float
    pictures: int
    mib: float


def make_pictures(folder: Path, count: int) -> None:
    """Write different 16 px pictures, a thousand to a folder; those that are there stay."""
    for start in range(0, count, 1000):
        part = folder / f"{start // 1000:03d}"
        if part.is_dir() and sum(1 for _ in part.iterdir()) == min(1000, count - start):
            continue
        part.mkdir(parents=True, exist_ok=True)
        draw = np.random.default_rng(start)
        for i in range(start, min(start + 1000, count)):
            rough = Image.fromarray(draw.integers(0, 256, (4, 4, 3), dtype=np.uint8))
            rough.resize((16, 16), Image.Resampling.BICUBIC).save(part / f"{i % 1000:03d}.png")


def command(folder: Path, batch_size: int, steps: int) -> list[str]:
    """Spell the run."""
    pixel = {"pixel": {"class_path": "PixelLoss"}}
    return [
        *(
            sys.executable,
            "-m",
            "i2s_lightning",
            "fit",
            f"--out={folder / 'run'}",
            f"--data.path={folder / 'pictures'}",
        ),
        *(f"--data.batch_size={batch_size}", f"--model.generator={folder / 'generator.safetensors'}"),
        *(f"--model.losses={json.dumps(pixel)}", f"--model.steps={steps}", "--trainer.accelerator=cpu"),
    ]


def watch(run: subprocess.Popen[bytes], out: Path, every: float, limit: float) -> Iterator[Sample]:
    """Sample resident memory and finished pictures until the run ends, or end it after ``limit`` seconds."""
    begun = time.monotonic()
    while run.poll() is None:
        seconds = time.monotonic() - begun
        memory = resident_mib(run.pid)
        if memory:
            yield Sample(run.pid, round(seconds, 1), finished(out), round(memory, 2))
        if seconds > limit:
            run.terminate()  # it saves and ends; the same command goes on from there
            limit = float("inf")
        time.sleep(every)


def note(path: Path, samples: Iterator[Sample]) -> None:
    """Append samples to a CSV file as they come: an interrupted run leaves those that it has."""
    new = not path.exists()
    with path.open("a", newline="", buffering=1) as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(Sample._fields)
        writer.writerows(samples)


def read(path: Path) -> list[list[Sample]]:
    """Read the samples of each process, in order."""
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        samples = [Sample(int(r["process"]), float(r["seconds"]), int(r["pictures"]), float(r["mib"])) for r in rows]
    return [list(group) for _, group in groupby(samples, attrgetter("process"))]


def resident_mib(pid: int) -> float:
    """Read the resident memory of a process (Linux); 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def finished(out: Path) -> int:
    """Count finished pictures by their renders: one file each."""
    renders = out / "renders"
    return sum(len(os.listdir(part)) for part in renders.iterdir()) if renders.is_dir() else 0  # noqa: PTH208


def working(samples: Sequence[Sample]) -> list[Sample]:
    """Keep the samples of the steady part: pictures are coming out, and the first tenth is over."""
    total, before = samples[-1].pictures, samples[0].pictures
    return [s for s in samples if before + SETTLED * (total - before) <= s.pictures < total]


def slope(samples: Sequence[Sample]) -> float:
    """Fit a line: bytes of memory a picture."""
    pictures, mib = np.array([s.pictures for s in samples], float), np.array([s.mib for s in samples])
    return float(np.polyfit(pictures, mib, 1)[0] * 2**20)


def draw(path: Path, processes: Sequence[Sequence[Sample]]) -> None:
    """Draw memory over finished pictures."""
    figure = Figure(figsize=(7, 3.2), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for samples in processes:
        axes.plot([s.pictures for s in samples], [s.mib for s in samples], linewidth=1.2)
    axes.set(xlabel="pictures finished", ylabel="resident memory, MiB", ylim=(0, None))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.25)
    figure.savefig(path)


def report(processes: Sequence[Sequence[Sample]], out: Path) -> str:
    """Say what was measured."""
    total = processes[-1][-1].pictures
    written = sum(p.stat().st_size for p in out.rglob("*") if p.is_file()) / total
    lines = [describe(samples) for samples in processes if len(working(samples)) > 1]
    return "\n".join([f"pictures: {total}", *lines, f"written: {written:.0f} bytes a picture"])


def describe(samples: Sequence[Sample]) -> str:
    """Say what one process did."""
    steady = working(samples)
    first, last = steady[0], steady[-1]
    rate = 3600 * (last.pictures - first.pictures) / (last.seconds - first.seconds)
    return (
        f"resident memory: {first.mib:.0f} MiB at picture {first.pictures}, {last.mib:.0f} MiB at {last.pictures} "
        f"({slope(steady):+.1f} bytes a picture), {max(s.mib for s in samples):.0f} MiB at most; {rate:.0f} images/hour"
    )


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("runs/flat_memory"))
    parser.add_argument("--every", type=float, default=2.0, help="seconds between samples")
    parser.add_argument("--limit", type=float, default=float("inf"), help="end the run after so many seconds")
    options = parser.parse_args()
    folder = options.out
    make_generator(folder / "generator.safetensors")
    make_pictures(folder / "pictures", options.pictures)
    words = command(folder, options.batch_size, options.steps)
    with (folder / "fit.log").open("ab") as log:
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        run = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
        note(folder / "memory.csv", watch(run, folder / "run", options.every, options.limit))
    processes = read(folder / "memory.csv")
    draw(folder / "memory.png", processes)
    print(f"exit status: {run.returncode}\n{report(processes, folder / 'run')}")


if __name__ == "__main__":
    main()
