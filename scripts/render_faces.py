"""Render a data set of portraits: ``python scripts/render_faces.py --count 12000 --out runs/faces``.

Portrait i is a pure function of (seed, i); run several processes with different ``--start`` on several cores. A file
``SEED_START.npz`` holds ``images`` (N, side, side, 3) uint8, ``codes`` (N, Z), the draws as standard normal numbers,
and ``parameters`` (N, P), what the renderer makes of them. ``--twins`` adds the same people with another
expression, some with glasses put on or off; ``--no_images``, much quicker, leaves the images out.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from faces.assets import FaceAssets, load_assets
from faces.draws import Array, Draws
from faces.expressions import FREQUENCIES
from faces.people import Person, draw_person
from faces.portrait import person_of, preset_actions, render
from PIL import Image
from training.codes import WIDTHS, encode, principal_dials
from training.parameters import parameters_of

CHANGED_GLASSES = 1 / 3
"""Share of twins. Few people wear glasses, and rims are too thin to be learned from those alone."""


def main() -> None:
    options = _options()
    torch.set_num_threads(1)  # small tensors: processes scale, threads don't
    options.out.mkdir(parents=True, exist_ok=True)
    seed, size = options.seed, options.size
    indices = range(options.start, options.start + options.count)
    if options.png:
        for index in indices:
            picture = Image.fromarray(render(person_of(seed, index), size))
            picture.save(options.out / f"{index:06d}.png")
        return
    assets = load_assets()
    axes = dial_axes(assets, options.z_dim - sum(WIDTHS.values()))
    images = {}
    if not options.no_images:
        images["images"] = np.stack([render(person_of(seed, i), size) for i in indices])
    codes, parameters = zip(*(code_of(assets, axes, seed, index) for index in indices), strict=True)
    numbers = {"codes": np.float32(codes), "parameters": np.float32(parameters)}
    if options.twins:
        images |= twins_of(seed, indices, size, axes)
    np.savez(options.out / f"{seed}_{options.start:06d}.npz", **images, **numbers)


def twins_of(seed: int, indices: Sequence[int], size: int, axes: Array) -> dict[str, Array]:
    """Render each person again, changed; only what ``twin_of`` names differs."""
    twins = [twin_of(person_of(seed, i), np.random.default_rng([seed, i, 2])) for i in indices]
    parameters = np.float32([parameters_of(twin, axes) for twin in twins])
    return {"twin_images": np.stack([render(twin, size) for twin in twins]), "twin_parameters": parameters}


def twin_of(person: Person, rng: np.random.Generator) -> Person:
    """Give a person a preset, drawn as often as portraits have it, and now and then put glasses on or off."""
    actions = preset_actions(str(rng.choice(list(FREQUENCIES), p=list(FREQUENCIES.values()))))
    twin = person.with_actions(actions)
    return replace(twin, glasses=not twin.glasses) if rng.random() < CHANGED_GLASSES else twin


def dial_axes(assets: FaceAssets, count: int) -> Array:
    """Find the ``count`` combinations of local dials that move the visible face most."""
    first, dials = len(assets.macros), len(assets.dial_names)
    x, y, z = assets.points.unbind(1)
    face = (z > 0.6) & (y > 6.3) & (y < 8.4) & (x.abs() < 0.95)
    shapes = assets.shapes[first : first + 2 * dials, : len(assets.points)][:, face]
    return principal_dials(((shapes[0::2] - shapes[1::2]) / 2).double().numpy(), count)


def code_of(assets: FaceAssets, axes: Array, seed: int, index: int) -> tuple[Array, Array]:
    """Return the draws of one portrait as a Gaussian vector, and its parameters."""
    draws = Draws(np.random.default_rng([seed, index]))
    person = draw_person(draws, assets.dial_names, assets.action_names)
    return encode(draws.scores, axes, np.random.default_rng([seed, index, 1])), parameters_of(person, axes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--count", type=int, default=12000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1, help="20261123 is held out for measurements")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--z_dim", type=int, default=128, help="width of a code")
    parser.add_argument("--twins", action="store_true", help="the same people changed (see above), too")
    parser.add_argument("--no_images", action="store_true", help="codes and parameters alone")
    parser.add_argument("--png", action="store_true", help="write pictures instead of a data set")
    return parser.parse_args()


if __name__ == "__main__":
    main()
