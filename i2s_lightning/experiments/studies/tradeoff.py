"""What does a likeness cost in editability?

The paper does not ask; e4e (Tov et al. 2021) named the trade-off. The freer the space, the nearer the picture, and
the further its latent from what the generator draws by itself, where edits are safe.

Here the same pictures are embedded into W, into W+, and into W+ with a regulariser of several weights lambda that pulls
every layer towards the generator's own styles (`TypicalityLoss`, the P-norm of II2S). Editability is measured twice.
`typicality` is the distance from the generator's mean in standard deviations of its own samples, which have about 1.
The edit's error is that of the expression transfer with a known answer: the perceptual distance, over the face, of
the target with the source's expression from the true picture. It contains the embedding's own error, which is why it
has its best place in between or at an end. The regulariser minimises what `typicality` measures; the edit's error
knows nothing of it.
"""

from statistics import mean
from typing import Any

import torch
from matplotlib.figure import Figure

from i2s_lightning import edits
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import drawn, enlargement, short, stacked
from i2s_lightning.experiments.lab import Lab, array
from i2s_lightning.experiments.outcome import Outcome, SkippedError, Verdict
from i2s_lightning.experiments.triples import Triple, face_distance, triples


def run(lab: Lab) -> Outcome:
    """Embed with every setting; measure likeness and editability."""
    work = triples(lab)
    if not work:
        raise SkippedError("it takes expressions, targets and truth; see the experiment expression")
    names = list(dict.fromkeys(name for triple in work for name in (triple.target, triple.neutral, triple.expression)))
    true = [(lab.target(lab.embed(names), triple.target), array(triple.truth[0])) for triple in work]
    rows, numbers = [Row("truth", [Tile(pixels) for pair in true for pixels in pair])], []
    for word, e in settings(lab, names).items():
        made = [transferred(lab, e, triple) for triple in work]
        errors = [face_distance(lab, picture, triple.truth) for picture, triple in zip(made, work, strict=True)]
        numbers.append(
            {"setting": word}
            | {key: mean(e.metrics[name][key] for name in names) for key in ("psnr", "perceptual", "w_avg_distance")}
            | {"typicality": mean(report.typicality for report in edits.report(e, names)), "edit_error": mean(errors)}
        )
        shown = [(lab.render(e, triple.target), array(one[0])) for triple, one in zip(work, made, strict=True)]
        rows.append(Row(word, [Tile(pixels) for pair in shown for pixels in pair]))
    columns = [word for triple in work for word in (short(triple.target), "edited")]
    pictures = grid(rows, columns=columns, scale=enlargement(lab))
    return Outcome(stacked([drawn(plot(numbers)), pictures]), numbers, verdicts(numbers))


def settings(lab: Lab, names: list[str]) -> dict[str, Embedding]:
    """Embed in every way, from free to tied."""
    own = lab.settings["model"]["losses"]
    found = {"W+": lab.embed(names)}
    for weight in lab.options["weights"]:
        losses = own | {"typicality": {"class_path": "TypicalityLoss", "init_args": {"weight": weight}}}
        found[f"W+, lambda {weight:g}"] = lab.embed(names, label=f"typicality_{weight:g}", losses=losses)
    return found | {"W": lab.embed(names, space="w")}


@torch.no_grad()
def transferred(lab: Lab, e: Embedding, triple: Triple) -> torch.Tensor:
    """Give the target the expression, at full strength: ``(1, C, H, W)``."""
    threshold = lab.options["threshold"]
    made = edits.transfer(e, triple.target, triple.neutral, triple.expression, threshold=threshold).render()
    return made[:1].clamp(-1, 1)


def plot(numbers: list[dict[str, Any]]) -> Figure:
    """Draw likeness against both measures of editability."""
    figure = Figure(figsize=(10, 4), dpi=110, layout="constrained")
    titles = {
        "typicality": "typicality (1: as the generator's own)",
        "edit_error": "distance of the edit from the truth",
    }
    for axes, (key, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        axes.plot([row["psnr"] for row in numbers], [row[key] for row in numbers], "-", color="0.8", zorder=1)
        for row in numbers:
            place = row["psnr"], row[key]
            axes.scatter(*place, zorder=2)
            axes.annotate(
                row["setting"].removeprefix("W+, "), place, xytext=(5, 5), textcoords="offset points", fontsize=9
            )
        axes.set(xlabel="PSNR in dB (to the right: nearer to the picture)", ylabel=title)
        axes.margins(x=0.25, y=0.15)  # room for the names
        axes.grid(alpha=0.25)
    return figure


def verdicts(numbers: list[dict[str, Any]]) -> list[Verdict]:
    """Judge the order of the settings."""
    by_psnr = sorted(numbers, key=lambda row: -row["psnr"])
    typical = [row["typicality"] for row in by_psnr]
    told = ", ".join(f"{row['setting']} {row['psnr']:.1f} dB and {row['typicality']:.2f}" for row in by_psnr)
    best = min(numbers, key=lambda row: row["edit_error"])
    errors = ", ".join(f"{row['setting']} {row['edit_error']:.3f}" for row in numbers)
    regularised = [row["edit_error"] for row in numbers if "lambda" in row["setting"]]
    free = next(row["edit_error"] for row in numbers if row["setting"] == "W+")
    return [
        Verdict(
            "The nearer to the picture, the less typical the latent.",
            typical == sorted(typical, reverse=True),
            f"PSNR and typicality: {told}.",
            quoted=False,
        ),
        Verdict(
            "A regulariser makes edits of W+ come nearer to the truth.",
            min(regularised, default=free) < free if regularised else None,
            f"Distance of the edit from the truth: {errors}; the best is {best['setting']}.",
            quoted=False,
        ),
    ]
