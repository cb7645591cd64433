"""Can an expression be given to somebody else?

The paper adds the difference between an expressive and a neutral picture of one person to the latent of another, w1 +
lambda (w3 - w2). From memory of it: layers in which the two hardly differ (L2 norm below 1) are left out as noise.

Here Anna's laugh goes to three people who are at rest, over a sweep of lambda to both sides. As all are renders, the
true answer exists: the last column is the same person, rendered with that expression. For people of your own:
`--images expressions=FOLDER` (the first picture at rest, the others with expressions), `targets=FOLDER`, and, if
you have it, `truth=FOLDER` with TARGET_EXPRESSION. Distances are perceptual and of the middle of the picture, where
the face is.
"""

from statistics import mean
from typing import Any

from i2s_lightning import edits
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, short
from i2s_lightning.experiments.lab import Lab, array, image
from i2s_lightning.experiments.outcome import Outcome, SkippedError, Verdict
from i2s_lightning.experiments.triples import Triple, face_distance, triples

FULL = 1.0


def run(lab: Lab) -> Outcome:
    """Give every expression to every target."""
    targets, sources = (lab.names(option) for option in ("targets", "sources"))
    if not targets or len(sources) < 2:
        raise SkippedError("it takes a face at rest and with an expression; give --images expressions=FOLDER")
    e = lab.embed([*targets, *sources])
    known = {(triple.target, triple.expression): triple for triple in triples(lab)}
    strengths = [float(value) for value in lab.options["strengths"]]
    rows: list[Row] = []
    numbers: list[dict[str, Any]] = []
    for expression in sources[1:]:
        rows.append(Row(short(expression), [Tile(lab.target(e, name)) for name in (sources[0], expression)]))
        for target in targets:
            tiles, scores = _sweep(lab, e, (target, sources[0], expression), known.get((target, expression)))
            rows.append(Row("", tiles))
            numbers += scores
    columns = ["input", *(f"lambda {value:+.1f}" for value in strengths), "truth"]
    figure = grid(rows, columns=columns, scale=enlargement(lab))
    return Outcome(figure, numbers or [{"targets": len(targets)}], verdicts(numbers))


def _sweep(
    lab: Lab, e: Embedding, names: tuple[str, str, str], triple: Triple | None
) -> tuple[list[Tile | None], list[dict[str, Any]]]:
    """Render one target over all strengths, and measure how near each is to the truth, where it is known."""
    strengths, threshold = lab.options["strengths"], lab.options["threshold"]
    made = edits.transfer(e, *names, strength=strengths, threshold=threshold).render().clamp(-1, 1)
    tiles: list[Tile | None] = [Tile(lab.target(e, names[0])), *(Tile(array(picture)) for picture in made)]
    if triple is None:
        return tiles, []
    tiles.append(Tile(array(triple.truth[0])))
    facts = {"target": short(names[0]), "expression": short(names[2])}
    untouched = face_distance(lab, image(lab.target(e, names[0])), triple.truth)
    return tiles, [
        facts
        | {"strength": float(value), "to_the_truth": face_distance(lab, picture[None], triple.truth)}
        | {"input_to_the_truth": untouched}
        for value, picture in zip(strengths, made, strict=True)
    ]


def verdicts(numbers: list[dict[str, Any]]) -> list[Verdict]:
    """Compare with the truth."""
    claim = "Transfer at full strength comes nearer to the person's true expression than the embedding at rest."
    if not numbers:
        return [Verdict(claim, None, "There is no true picture to compare with.", quoted=False)]
    at = {
        strength: [row["to_the_truth"] for row in numbers if row["strength"] == strength]
        for strength in dict.fromkeys(row["strength"] for row in numbers)
    }
    nearer = sum(a < b for a, b in zip(at[FULL], at[0.0], strict=True))
    told = ", ".join(f"{strength:+.1f}: {mean(values):.3f}" for strength, values in at.items())
    best = min(at, key=lambda strength: mean(at[strength]))
    return [
        Verdict(
            claim,
            nearer == len(at[FULL]),
            f"In {nearer} of {len(at[FULL])} cases. Mean distance to the truth by lambda: {told}; "
            f"the input itself: {mean(row['input_to_the_truth'] for row in numbers):.3f}.",
            quoted=False,
        ),
        Verdict(
            "Going towards the expression is nearer to the truth than going away from it.",
            best > 0,
            f"The best lambda of the sweep is {best:+.1f}.",
            quoted=False,
        ),
    ]
