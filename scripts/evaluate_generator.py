"""Measure a face generator: ``python scripts/evaluate_generator.py --generator faces64 --out runs/evaluation``.

Prints one line a figure and writes them to ``figures.json``, with sheets of samples, nearest neighbours and transfers
beside it. Renders are made as needed; people of seed 20261123 are held out from training.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from faces.portrait import person_of, render
from measures.embedding import embed
from measures.frechet import frechet_distance, mean_pairwise_distance, nearest, pooled_features
from measures.transfer import measure_transfer
from PIL import Image
from torch import Tensor
from training.pairs import shard_files
from training.samples import sample, sheet

from i2s_lightning.generators import load_generator
from i2s_lightning.metrics import PerceptualDistance

HELD_OUT = 20261123


class Evaluation:
    """Figures of one generator."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.out = options, Path(options.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.generator = load_generator(options.generator)
        self.side = self.generator.img_resolution

    def renders(self, count: int, seed: int, path: str | None) -> Tensor:
        """Read renders from a data set, or make them."""
        if path is None:
            return torch.from_numpy(np.stack([render(person_of(seed, i), self.side) for i in range(count)]))
        return torch.from_numpy(np.concatenate([np.load(file)["images"] for file in shard_files(path)]))[:count]

    def samples(self, count: int, truncation: float, seed: int = 0) -> Tensor:
        """Make samples."""
        z = torch.randn(count, self.generator.z_dim, generator=torch.Generator().manual_seed(seed))
        return sample(self.generator, z, truncation)

    def sheets(self) -> dict[str, float]:
        """Lay 8 x 8 samples at truncation 0.7 beside 8 x 8 renders."""
        held_out = self.renders(64, HELD_OUT, self.options.held_out)
        left, right = sheet(self.samples(64, 0.7), 8, 64), sheet(held_out, 8, 64)
        Image.fromarray(np.concatenate([np.asarray(left), np.asarray(right)], axis=1)).save(self.out / "samples.png")
        return {}

    def frechet(self) -> dict[str, float]:
        """Compare samples with held-out renders, and two sets of renders."""
        count, vgg = self.options.frechet_count, self.options.vgg
        held_out = pooled_features(self.renders(count, HELD_OUT, self.options.held_out), vgg)
        figures = {"count": float(count)}
        figures["samples"] = frechet_distance(pooled_features(self.samples(count, 1.0), vgg), held_out)
        figures["truncated samples"] = frechet_distance(pooled_features(self.samples(count, 0.7), vgg), held_out)
        figures["renders"] = frechet_distance(pooled_features(self.renders(count, 1, self.options.data), vgg), held_out)
        return figures

    def diversity(self) -> dict[str, float]:
        """Average the distance of independent samples, and of independent renders; show nearest neighbours."""
        count, distance = self.options.diversity_count, PerceptualDistance(vgg=self.options.vgg)
        figures = {"count": float(count)}
        figures["samples"] = mean_pairwise_distance(self.samples(count, 1.0), distance)
        figures["renders"] = mean_pairwise_distance(self.renders(count, HELD_OUT, self.options.held_out), distance)
        figures["ratio"] = figures["samples"] / figures["renders"]
        data, made = self.renders(self.options.train_count, 1, self.options.data), self.samples(8, 0.7)
        sheet(torch.cat([made, data[nearest(made, data)]]), 8, 128).save(self.out / "neighbours.png")
        return figures

    def embedding(self) -> dict[str, float]:
        """Embed held-out renders in W+, W and Z."""
        options, figures = self.options, {"count": float(self.options.embed_count)}
        targets = self.renders(options.embed_count, HELD_OUT, options.held_out).numpy()
        pictures = {f"{i:03d}": picture for i, picture in enumerate(targets)}
        for space in options.spaces:
            result = embed(
                pictures, self.out / "embedding", generator=options.generator, space=space, steps=options.embed_steps
            )
            psnr = [float(record["psnr"]) for record in result.metrics.values()]
            figures[f"{space} psnr"], figures[f"{space} worst psnr"] = sum(psnr) / len(psnr), min(psnr)
        return figures

    def transfer(self) -> dict[str, float]:
        """Transfer expressions where the exact answer is known."""
        options = self.options
        found, rows = measure_transfer(
            options.generator,
            self.out / "transfer",
            pairs=options.transfer_pairs,
            seed=HELD_OUT,
            space=options.transfer_space,
            steps=options.transfer_steps,
            config=options.transfer_config,
            difference=options.transfer_difference,
            within=options.transfer_within,
        )
        Image.fromarray(np.concatenate([np.concatenate(row, axis=1) for row in rows])).save(self.out / "transfer.png")
        figures = {"pairs": float(options.transfer_pairs)}
        for f in found:
            name = f.expression
            figures[f"{name} closer than A neutral"] = f.closer
            figures[f"{name} closer than A neutral embedded"] = f.closer_than_base
            figures |= {f"{name} distance": f.distance, f"{name} neutral": f.neutral, f"{name} base": f.base}
        return figures


def main() -> None:
    options = _options()
    if options.threads:
        torch.set_num_threads(options.threads)
    evaluation = Evaluation(options)
    parts: dict[str, Callable[[], dict[str, float]]] = {
        name: getattr(evaluation, name) for name in ("sheets", "frechet", "diversity", "embedding", "transfer")
    }
    path = evaluation.out / "figures.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    figures["generator"] = {"file": options.generator, "sha256": evaluation.generator.sha256}
    for name in options.parts:
        figures[name] = parts[name]()
        for figure, value in figures[name].items():
            print(f"{name}: {figure} = {value:.4g}", flush=True)
        path.write_text(json.dumps(figures, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="faces64", help="file or name")
    parser.add_argument("--out", default="runs/evaluation", help="folder")
    parts = ["sheets", "frechet", "diversity", "embedding", "transfer"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--data", help="training renders from render_faces.py; default: rendered here (seed 1)")
    parser.add_argument("--held_out", help=f"held-out renders; default: rendered here (seed {HELD_OUT})")
    parser.add_argument("--vgg", default="hed", help="weights of the feature space")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--frechet_count", type=int, default=5000)
    parser.add_argument("--diversity_count", type=int, default=500)
    parser.add_argument("--train_count", type=int, default=12000, help="training renders searched for neighbours")
    parser.add_argument("--embed_count", type=int, default=64)
    parser.add_argument("--embed_steps", type=int, default=500)
    parser.add_argument("--spaces", nargs="+", default=["w_plus", "w", "z"])
    parser.add_argument("--transfer_pairs", type=int, default=50, help="each gives a triple per expression")
    parser.add_argument("--transfer_config", type=Path, help="how to embed; default: the paper's way")
    parser.add_argument("--transfer_difference", choices=["plain", "shared"], default="plain")
    parser.add_argument("--transfer_within", help="directions that differences are limited to")
    parser.add_argument("--transfer_space", default="w_plus")
    parser.add_argument("--transfer_steps", type=int, default=500)
    return parser.parse_args()


if __name__ == "__main__":
    main()
