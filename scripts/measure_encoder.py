"""Measure where an encoder starts: ``python scripts/measure_encoder.py``.

Loss (the paper's, equation 1) and PSNR of the generator's mean, of the encoder's w and of its W+ on samples that its
training did not draw, on renders of people held out from the generator's training (seed 20261123, from number 200 on)
and on the two shipped photographs. ``worth`` is how many steps the paper's Adam (0.01) makes from the mean until its
best loss is the encoder's W+, median over pictures.
"""

import argparse

import torch
from measures.pictures import SEED, Picture, held_out, photographs
from torch import Tensor

from i2s_lightning.callbacks.heap import keep_heap
from i2s_lightning.encoders import Encoder, load_encoder
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import Generator
from i2s_lightning.losses import PerceptualLoss, PixelLoss
from i2s_lightning.ops.images import from_uint8
from i2s_lightning.ops.resize import shrink
from i2s_lightning.tasks.objective import Objective
from i2s_lightning.tasks.samples import draw

FIRST = 200
"""Number of the first render."""
LONGEST = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="faces64", help="file or name")
    parser.add_argument("--generator", default="faces64", help="file or name; of 64 pixels")
    parser.add_argument("--count", type=int, default=16, help="samples, and renders")
    options = parser.parse_args()
    keep_heap()
    generator = load_generator(options.generator)
    encoder = load_encoder(options.encoder, generator)
    portraits = held_out(range(FIRST, FIRST + options.count)).values()
    groups = {
        "samples": draw(generator, options.count, torch.Generator().manual_seed(SEED), mixed=False).image,
        "renders": torch.cat([to_image(portrait) for portrait in portraits]),
        **{name: to_image(photograph) for name, photograph in photographs().items()},
    }
    print("| pictures | | loss: mean | w | W+ | PSNR: mean | w | W+ | W+ below the mean | worth |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, target in groups.items():
        print(line(name, generator, encoder, target), flush=True)


def line(name: str, generator: Generator, encoder: Encoder, target: Tensor) -> str:
    """Measure one group of pictures."""
    objective = Objective({"pixel": PixelLoss(), "perceptual": PerceptualLoss()}, generator)
    references = objective.prepare(target)
    mean = generator.w_avg.expand(len(target), generator.num_ws, -1)
    with torch.no_grad():
        starts = [mean, encoder.w(target).unsqueeze(1).expand_as(mean), encoder(target)]
        found = [objective(generator.synthesis(ws), ws, references) for ws in starts]
    losses = [loss for loss, _ in found]
    below = int((losses[2] < losses[0]).sum())
    worth = steps_to(losses[2], mean, generator, objective, target).median()
    cells = [f"{float(loss.median()):.3f}" for loss in losses]
    cells += [f"{float((10 * (4 / terms['pixel']).log10()).median()):.1f}" for _, terms in found]
    return "| " + " | ".join([name, str(len(target)), *cells, f"{below} of {len(target)}", f"{worth:.0f}"]) + " |"


def steps_to(goal: Tensor, start: Tensor, generator: Generator, objective: Objective, target: Tensor) -> Tensor:
    """Count each picture's steps from ``start`` until its loss is ``goal``."""
    references, steps = objective.prepare(target), torch.full((len(target),), float(LONGEST))
    ws = start.clone().requires_grad_()
    adam = torch.optim.Adam([ws], lr=0.01)
    for step in range(LONGEST):
        loss, _ = objective(generator.synthesis(ws), ws, references)
        steps = torch.where(loss.detach() <= goal, steps.clamp(max=step), steps)
        if (steps < LONGEST).all():
            break
        adam.zero_grad()
        loss.sum().backward()  # type: ignore[no-untyped-call]
        adam.step()
    return steps


def to_image(picture: Picture) -> Tensor:
    """Turn a picture into a batch of one, at the generator's size."""
    return shrink(from_uint8(torch.from_numpy(picture.copy())[None]), 64)


if __name__ == "__main__":
    main()
