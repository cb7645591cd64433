"""Expression transfer against the exact answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from faces.portrait import person_of, preset_actions, render
from faces.region import face_region
from measures.embedding import embed
from numpy.typing import NDArray
from torch import Tensor

from i2s_lightning import edits
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ops.images import from_uint8, to_uint8

EXPRESSIONS = ("laugh", "surprise", "anger", "kiss")
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Transfer:
    """What came out for one expression.

    Attributes:
        expression: Its name.
        closer: Share of triples where the transfer is closer to the truth than A neutral, as rendered, is.
        closer_than_base: The same against A neutral as embedded, from which the edit started.
        distance: Mean perceptual distance of the transfer from the truth.
        neutral: Of A neutral, as rendered.
        base: Of A neutral, as embedded.
    """

    expression: str
    closer: float
    closer_than_base: float
    distance: float
    neutral: float
    base: float


def measure_transfer(
    generator: str,
    folder: Path,
    *,
    pairs: int,
    seed: int,
    space: str,
    steps: int,
    config: Path | None = None,
    difference: edits.Difference = "plain",
    within: str | None = None,
) -> tuple[list[Transfer], list[list[Picture]]]:
    """Embed A neutral, B neutral and B with each expression; add the difference to A; compare with A's true render.

    Args:
        generator: File or name.
        folder: For pictures and embeddings.
        pairs: Number of pairs (A, B), each of which gives a triple per expression.
        seed: Of the people, held out from training.
        space: Embedding space.
        steps: Of embedding.
        config: Settings for the rest; without, the paper's.
        difference: See ``edits.transfer``.
        within: The same.

    Returns:
        Figures for each expression; and rows of pictures of the first pairs: A, B, B with the expression, transfer,
        truth.
    """
    a = [person_of(seed, 2 * i + 1_000_000) for i in range(pairs)]
    b = [person_of(seed, 2 * i + 1_000_001) for i in range(pairs)]
    side = 64
    looks = {name: preset_actions(name) for name in ("neutral", *EXPRESSIONS)}
    givers = {f"{i}_b_{n}": render(p.with_actions(e), side) for i, p in enumerate(b) for n, e in looks.items()}
    takers = {f"{i}_a_{n}": render(p.with_actions(e), side) for i, p in enumerate(a) for n, e in looks.items()}
    known = {name: picture for name, picture in takers.items() if name.endswith("neutral")}
    result = embed(givers | known, folder, generator=generator, space=space, steps=steps, config=config)
    distance = PerceptualDistance()
    figures, rows = [], []
    moved = torch.stack(
        [
            edits.transfer(
                result,
                f"{i}_a_neutral",
                f"{i}_b_neutral",
                [f"{i}_b_{expression}" for expression in EXPRESSIONS],
                difference=difference,
                within=within,
                threshold=0,
            ).ws
            for i in range(pairs)
        ],
        dim=1,
    )
    w1 = torch.stack([result[f"{i}_a_neutral"] for i in range(pairs)])
    neutral = _stack([takers[f"{i}_a_neutral"] for i in range(pairs)])
    base = _render(result, w1)
    for expression, ws in zip(EXPRESSIONS, moved, strict=True):
        truth = _stack([takers[f"{i}_a_{expression}"] for i in range(pairs)])
        image = _render(result, ws)
        with torch.no_grad():
            d = [distance(face_region(x), face_region(truth)) for x in (image, neutral, base)]
        closer = [float((d[0] < d[k]).float().mean()) for k in (1, 2)]
        figures.append(Transfer(expression, *closer, *(float(x.mean()) for x in d)))
        shown = [neutral[0], _stack([givers["0_b_neutral"]])[0], _stack([givers[f"0_b_{expression}"]])[0]]
        rows.append(list(to_uint8(torch.stack([*shown, image[0], truth[0]])).numpy()))
    return figures, rows


def _stack(pictures: Sequence[Picture]) -> Tensor:
    return from_uint8(torch.from_numpy(np.stack(pictures)))


@torch.no_grad()
def _render(embedding: Embedding, ws: Tensor) -> Tensor:
    return embedding.generator.synthesis(ws).clamp(-1, 1)
