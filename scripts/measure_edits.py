"""Measure edits against renders whose truth is known: ``python scripts/measure_edits.py --out runs/edits``.

1. Expression transfer: A neutral, B neutral and B with an expression are embedded; A's true render with that expression
   is what the transfer should give. How many triples come closer to it than A without any edit?
2. Editability: typicality of pictures that the generator knows (renders) and does not know (renders upside down, the
   shipped photographs, noise), at several lengths of embedding and in W. The verdicts' limits stand between them.

People of seed 20261123 are held out from the generator's training. Interrupted runs are gone on with.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from faces.portrait import person_of, preset_actions, render
from faces.region import face_region
from measures.embedding import embed
from measures.transfer import EXPRESSIONS
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from i2s_lightning import edits
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.space import SAFE, STRAINED
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ops.images import from_uint8

HELD_OUT = 20261123
PICTURES = Path(__file__).parents[1] / "i2s_lightning" / "assets" / "pictures"
Pictures = dict[str, NDArray[np.uint8]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="faces64", help="file or name")
    parser.add_argument("--out", type=Path, default=Path("runs/edits"))
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--expressions", nargs="+", default=list(EXPRESSIONS), choices=EXPRESSIONS)
    parser.add_argument("--spaces", nargs="+", default=["w_plus", "w"], choices=["w_plus", "w"])
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    looks = {name: preset_actions(name) for name in ("neutral", *options.expressions)}
    people = {s: [person_of(HELD_OUT, 2 * i + k) for i in range(options.pairs)] for k, s in enumerate("ab")}
    faces = {
        f"{i}_{who}_{look}": render(person.with_actions(actions), 64)
        for who, persons in people.items()
        for i, person in enumerate(persons)
        for look, actions in looks.items()
    }
    known = {name: face for name, face in faces.items() if "_b_" in name or name.endswith("neutral")}
    for space in options.spaces:
        where = {"generator": options.generator, "space": space, "steps": options.steps}
        inside = embed(known, options.out / "inside", **where)
        outside = embed(strangers(known), options.out / "outside", **where)
        for threshold in (0.0, 1.0):
            transfer(inside, faces, options.pairs, options.expressions, f"{space}, threshold {threshold:g}", threshold)
        editability(space, inside, outside)


def transfer(
    embedding: Embedding, faces: Pictures, pairs: int, expressions: list[str], title: str, threshold: float
) -> None:
    """Print how transfers compare with the truth."""
    print(f"expression transfer in {title}: closer to the truth than A unedited (as embedded; as rendered)")
    closer = np.zeros(2)
    for expression in expressions:
        shown = []
        for i in range(pairs):
            names = (f"{i}_a_neutral", f"{i}_b_neutral", f"{i}_b_{expression}")
            moved = edits.transfer(embedding, *names, threshold=threshold).render()
            neutral = to_image(faces[f"{i}_a_neutral"])
            shown.append(torch.cat([moved, embedding.render([names[0]]), neutral]))
        truth = torch.cat([to_image(faces[f"{i}_a_{expression}"]) for i in range(pairs)])
        d = [distances(torch.stack(column), truth) for column in zip(*shown, strict=True)]
        wins = np.array([int((d[0] < d[1]).sum()), int((d[0] < d[2]).sum())])
        closer += wins
        means = "  ".join(f"{float(x.mean()):.4f}" for x in d)
        print(f"  {expression:10} {wins[0]:3d} of {pairs}; {wins[1]:3d} of {pairs}    mean distance: {means}")
    total = pairs * len(expressions)
    print(f"  {'all':10} {closer[0]:3.0f} of {total}; {closer[1]:3.0f} of {total}")


def editability(space: str, inside: Embedding, outside: Embedding) -> None:
    """Print where known and unknown pictures lie."""
    known = np.array([r.typicality for r in edits.report(inside)])
    print(f"typicality in {space} (limits of the verdicts: {SAFE:g} and {STRAINED:g})")
    print(f"  renders: {known.min():.2f} to {known.max():.2f}, median {np.median(known):.2f}")
    for report in edits.report(outside):
        above = (known < report.typicality).mean()
        print(f"  {report.name:12} {report.typicality:.2f}, above {above:.0%} of renders: {report.verdict}")


def strangers(known: Pictures) -> Pictures:
    """Make pictures that a face generator has not seen."""
    random = np.random.default_rng(0)
    upside_down = {f"turned_{name}": face[::-1].copy() for name, face in list(known.items())[:4]}
    photographs = {
        name: np.asarray(Image.open(PICTURES / f"{name}.png").convert("RGB")) for name in ("astronaut", "chelsea")
    }
    noise = random.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    return upside_down | photographs | {"noise": noise}


def to_image(picture: NDArray[np.uint8]) -> Tensor:
    """Turn a picture into a batch of one."""
    return from_uint8(torch.from_numpy(picture.copy())[None])


@torch.no_grad()
def distances(images: Tensor, truth: Tensor) -> Tensor:
    """Compare faces, without hair and background."""
    compared: Tensor = PerceptualDistance()(face_region(images.clamp(-1, 1)), face_region(truth))
    return compared


if __name__ == "__main__":
    main()
