"""Morphing (Image2StyleGAN, section 4.1)."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.latent import Latent, Names, blend_noise, match_names, stored
from i2s_lightning.edits.options import Number, Window, windows
from i2s_lightning.edits.shots import Edit, Shot
from i2s_lightning.errors import ConfigError
from i2s_lightning.ops.latents import ease, interpolate, slerp
from i2s_lightning.tasks.space import Space

Timing = Literal["linear", "eased"]
Route = Literal["straight", "arc"]
Leg = Callable[[float], Latent]


def morph(
    embedding: Embedding,
    images: Names,
    frames: int = 60,
    *,
    timing: Timing = "linear",
    schedule: Sequence[str] = (),
    loop: bool = False,
    route: Route | None = None,
) -> Edit:
    """Turn one picture into the next: ``w = lambda w1 + (1 - lambda) w2``, lambda from 1 to 0 between neighbours.

    Every picture named appears exactly once, as it is stored.

    Args:
        embedding: Has the pictures.
        images: Two or more names.
        frames: Number of frames in all, both ends included.
        timing: ``linear`` moves evenly, ``eased`` starts and stops gently at every picture.
        schedule: Parts of the way during which layers move, ``LAYERS=START:STOP`` each: ``coarse=0:0.5`` has the pose
            done half way.
        loop: Go back to the first picture at the end, without showing it twice: the video repeats seamlessly.
        route: ``straight`` through W or W+; ``arc`` through Z (slerp), for pictures embedded in ``z``. None: ``arc``
            for those, ``straight`` for others.

    Returns:
        The frames.

    Raises:
        CheckpointError: There is no such picture.
        ConfigError: Options that do not fit each other or the embedding.
    """
    names = match_names(embedding, images)
    if len(names) < 2:
        raise ConfigError(f"a morph needs two or more pictures; got {', '.join(names)}")
    if frames < len(names):
        raise ConfigError(f"{len(names)} pictures need at least as many frames; got {frames}")
    stops = [*names, names[0]] if loop else names
    legs = _legs(embedding, stops, schedule, route)
    cells = []
    for k, share in _timetable(len(legs), frames, loop):
        if share == 0:
            cells.append(Shot(stops[k], partial(stored, embedding, stops[k])))
        else:
            cells.append(Shot(f"{share:.2f}", partial(legs[k], ease(share) if timing == "eased" else share)))
    return Edit(embedding.generator, embedding.noise_mode, cells, columns=min(frames, 12))


def _timetable(legs: int, frames: int, loop: bool) -> list[tuple[int, float]]:
    """Say between which stops every frame lies, and how far; every stop falls on a frame."""
    end = frames if loop else frames - 1
    at = [round(k * end / legs) for k in range(legs + 1)]
    table = [(k, (i - at[k]) / (at[k + 1] - at[k])) for k in range(legs) for i in range(at[k], at[k + 1])]
    return table if loop else [*table, (legs, 0.0)]


def _legs(embedding: Embedding, stops: Sequence[str], schedule: Sequence[str], route: Route | None) -> list[Leg]:
    if route == "arc" and embedding.space != "z":
        raise ConfigError(f"route=arc goes through z, but these pictures were embedded in {embedding.space}")
    moving = windows(schedule, embedding.generator.layer_resolutions)
    ends = {name: stored(embedding, name) for name in stops}
    if embedding.space != "z" or route == "straight":
        return [partial(between, ends[a], ends[b], moving) for a, b in pairwise(stops)]
    space = Space("z", embedding.generator, embedding.run["settings"].get("label"))
    z = {name: embedding.latent(name).unsqueeze(0) for name in stops}
    return [partial(_arc, space, (z[a], ends[a]), (z[b], ends[b]), moving) for a, b in pairwise(stops)]


def between(first: Latent, last: Latent, moving: Sequence[Window], share: Number) -> Latent:
    """Go straight from one picture to another; noise maps go along."""
    shares = torch.tensor([[_within(window, share)] for window in moving])
    return Latent(interpolate(first.ws, last.ws, shares), blend_noise(first, last, share))


@torch.no_grad()
def _arc(
    space: Space, first: tuple[Tensor, Latent], last: tuple[Tensor, Latent], moving: Sequence[Window], share: float
) -> Latent:
    shares = [_within(window, share) for window in moving]
    like = space.generator.w_avg
    mapped = {s: space.to_ws(slerp(first[0], last[0], s).to(like))[0] for s in set(shares)}
    ws = torch.stack([mapped[s][layer] for layer, s in enumerate(shares)])
    return Latent(ws, blend_noise(first[1], last[1], share))


def _within(window: Window, share: Number) -> float:
    """Tell how far a layer is that moves during a part of the way."""
    start, stop = window
    return min(max((share - start) / (stop - start), 0.0), 1.0)
