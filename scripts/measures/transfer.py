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
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ops.images import from_uint8

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
    for expression in EXPRESSIONS:
        changes = [
            edits.transfer(
                result,
                f"{i}_a_neutral",
                f"{i}_b_neutral",
                f"{i}_b_{expression}",
                difference=difference,
                within=within,
                threshold=0,
            )
            for i in range(pairs)
        ]
        w1 = torch.stack([result[f"{i}_a_neutral"] for i in range(pairs)])
        truth = _stack([takers[f"{i}_a_{expression}"] for i in range(pairs)])
        neutral = _stack([takers[f"{i}_a_neutral"] for i in range(pairs)])
        with torch.no_grad():
            moved, base = (
                result.generator.synthesis(w).clamp(-1, 1) for w in (torch.cat([change.ws for change in changes]), w1)
            )
            d = [distance(face_region(image), face_region(truth)) for image in (moved, neutral, base)]
        closer = [float((d[0] < d[k]).float().mean()) for k in (1, 2)]
        figures.append(Transfer(expression, *closer, *(float(x.mean()) for x in d)))
        shown = [neutral[0], _stack([givers["0_b_neutral"]])[0], _stack([givers[f"0_b_{expression}"]])[0]]
        rows.append([_picture(x) for x in (*shown, moved[0], truth[0])])
    return figures, rows


def _stack(pictures: Sequence[Picture]) -> Tensor:
    return from_uint8(torch.from_numpy(np.stack(pictures)))


def _picture(image: Tensor) -> Picture:
    array: Picture = ((image + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return array
