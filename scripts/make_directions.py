"""Learn smile, yaw, age and glasses in a face generator: ``python scripts/make_directions.py --generator faces64``.

A small network learns to read attributes off renders, whose parameters are known. It reads the generator's samples; the
direction of an attribute is the smallest step, in standard deviations of samples, that changes its linear estimate and
no other's (of gender, skin tone and so on neither). A second network, trained on other renders, measures what the
directions do to fresh samples. Those that really move their attribute, and it most, are kept, bound to the generator's
hash.
"""

import argparse
import sys
from pathlib import Path

import torch
from jaxtyping import Float
from measures.attributes import ATTRIBUTES, OTHERS, Reader, accuracy, labelled, read, train_reader
from torch import Tensor

from i2s_lightning import Generator, edits, load_generator
from i2s_lightning.edits.direction_files import SHIPPED
from i2s_lightning.edits.finding import make_direction
from i2s_lightning.generators.samples import sample_w

SEED, HELD_OUT = 1, 20261123
STRENGTH = 2.0
LEAST = 0.5
"""Change of its own attribute at this strength, in deviations among renders, that a direction must reach to be kept."""


def main() -> int:
    options = _options()
    generator = load_generator(options.generator)
    side = generator.img_resolution
    pictures, attributes = labelled(SEED, options.count, side, options.renders)
    held, known = labelled(HELD_OUT, 1000, side, options.held_out)
    half = len(pictures) // 2
    readers = [
        train_reader(pictures[part], attributes[part], epochs=options.epochs, seed=seed)
        for seed, part in enumerate((slice(0, half), slice(half, None)))
    ]
    for name, reader in zip(("finding", "measuring"), readers, strict=True):
        _show(f"{name} reader: share of variance explained, held-out renders", accuracy(reader, held, known)[None])
    found = find(generator, readers[0], options.samples)
    effects = measure(generator, readers[1], found, 256)
    _show(f"change at strength {STRENGTH:g} (columns), in deviations among renders, by direction (rows)", effects)
    own = effects.diagonal()
    kept = {
        name: direction
        for i, (name, direction) in enumerate(found.items())
        if int(effects[i].abs().argmax()) == i and own[i] > LEAST
    }
    print(f"kept {len(kept)} of {len(found)}: {', '.join(kept)}")
    if not kept:
        return 1
    edits.save_directions(options.out, kept, generator)
    print(f"wrote {options.out}")
    if options.gallery:
        edits.gallery(generator, kept, "-3:3:7").save(options.gallery, scale=2)
    return 0


def find(generator: Generator, reader: Reader, count: int) -> dict[str, edits.Direction]:
    """Find a direction for each attribute."""
    w = sample_w(generator, count, seed=1)
    y = read(reader, render_w(generator, w))
    centred, target = (w - w.mean(dim=0)).double(), (y - y.mean(dim=0)).double()
    covariance = centred.T @ centred / count
    damped = covariance + 1e-3 * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=covariance.dtype)
    gradient = torch.linalg.solve(damped, centred.T @ target / count)
    steps = covariance @ gradient @ torch.linalg.inv(gradient.T @ covariance @ gradient)
    layers = range(generator.num_ws)
    facts = {"method": "samples read by a network that learned from renders", "samples": count}
    vectors = zip(ATTRIBUTES, steps.T.float(), strict=False)  # the others are only held still
    return {name: make_direction(name, vector, w, len(layers), layers, facts) for name, vector in vectors}


@torch.no_grad()
def measure(generator: Generator, reader: Reader, found: dict[str, edits.Direction], count: int) -> Tensor:
    """Tell by how much each direction changes each attribute of fresh samples, on average."""
    w = sample_w(generator, count, seed=2)
    before = read(reader, render_w(generator, w))
    rows = [read(reader, render_w(generator, w + STRENGTH * d.ws[0])) - before for d in found.values()]
    return torch.stack([row.mean(dim=0) for row in rows])


@torch.no_grad()
def render_w(generator: Generator, w: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
    """Render styles that all layers share."""
    parts = [p.unsqueeze(1).expand(-1, generator.num_ws, -1) for p in torch.split(w, 16)]
    return torch.cat([generator.synthesis(ws) for ws in parts])


def _show(title: str, table: Tensor) -> None:
    print(f"{title}\n{'':12}" + "".join(f"{name:>9}" for name in (*ATTRIBUTES, *OTHERS)))
    for name, row in zip(ATTRIBUTES if len(table) > 1 else [""], table, strict=True):
        print(f"{name:12}" + "".join(f"{float(value):9.2f}" for value in row))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="faces64", help="file or name")
    parser.add_argument("--out", type=Path, default=SHIPPED / "faces64.safetensors")
    parser.add_argument("--renders", type=Path, help=f"folder of render_faces.py --seed {SEED}; default: make them")
    parser.add_argument("--held_out", type=Path, help=f"the same of --seed {HELD_OUT}")
    parser.add_argument("--count", type=int, default=12_000, help="renders to learn from")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--samples", type=int, default=5000, help="of the generator")
    parser.add_argument("--gallery", type=Path, help="a sheet that shows the directions")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
