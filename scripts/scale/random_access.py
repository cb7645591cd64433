"""Open a store of very many pictures, and read some: ``python scripts/scale/random_access.py --pictures 100000``.

Makes shards like those of ``fit`` and prints, as a Markdown table, how long it takes to open them with and without the
index, to read one latent, and to read all.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

from i2s_lightning import load_embedding
from i2s_lightning.checkpoints.index import FILE, write_index
from i2s_lightning.checkpoints.store import Result, next_shard, write_shard

MEASURES = ("mse", "psnr", "ssim", "perceptual", "loss", "loss_pixel", "loss_perceptual", "w_avg_distance")


def make_store(folder: Path, pictures: int, rows: int, shape: tuple[int, int]) -> None:
    """Write shards of random latents, with records as long as real ones."""
    run = {"generator": {"file": "none"}, "settings": {"space": "w_plus", "noise": "const"}}
    chance = random.Random(0)
    for start in range(0, pictures, rows):
        results = []
        for i in range(start, min(start + rows, pictures)):
            facts: dict[str, Any] = {"name": f"{i // 1000:03d}/{i:06d}", "status": "done", "steps": 300}
            facts |= {"best_step": 299, "sha256": f"{i:064x}", "file": f"/data/ffhq/{i // 1000:03d}/{i:06d}.png"}
            facts |= {name: chance.random() for name in MEASURES}
            results.append(Result(facts, {"ws": torch.full(shape, float(i))}))
        write_shard(next_shard(folder, 0), results, run)


def seconds(work: Callable[[], Any], repeats: int = 3) -> float:
    """Time the middle one of a few tries."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times)


def measure(folder: Path, reads: int) -> dict[str, float]:
    """Time what a user waits for."""
    latents = folder / "latents"
    (latents / FILE).unlink(missing_ok=True)
    figures = {"open, from the shards' headers (s)": seconds(lambda: load_embedding(folder))}
    figures["write the index (s)"] = seconds(lambda: write_index(latents), 1)
    figures["open, with the index (s)"] = seconds(lambda: load_embedding(folder))
    embedding = load_embedding(folder)
    some = random.Random(1).choices(embedding.names, k=reads)
    for name in some:  # each latent says which picture it belongs to
        assert embedding[name][0, 0] == int(name[-6:])
    figures["one latent at random (ms)"] = 1000 * seconds(lambda: [embedding[name] for name in some]) / reads
    figures["one record at random (ms)"] = 1000 * seconds(lambda: [embedding.metrics[n] for n in some]) / reads
    figures["all latents (s)"] = seconds(lambda: embedding.ws)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=16, help="pictures a shard")
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--reads", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_store(folder / "latents", options.pictures, options.rows, (options.layers, options.width))
        shards = len(list((folder / "latents").iterdir()))
        print(f"{options.pictures} pictures in {shards} shards, ws {options.layers} x {options.width}\n")
        print("| | |\n|---|---:|")
        for what, value in measure(folder, options.reads).items():
            print(f"| {what} | {value:.3f} |")


if __name__ == "__main__":
    main()
