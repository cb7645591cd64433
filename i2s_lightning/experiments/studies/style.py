"""Does crossing two latents transfer style?

The paper takes the first 9 of 18 layers of one latent and the last 9 of another. From memory of it: colours and
texture are transferred, the structure of contents other than faces is not kept; and the style picture of one of the
two figures is embedded by a style loss on VGG's conv4_2 instead of its pixels.

Here a row is a content, a column a style, the upper half of the layers from the style. The lower table does the same
with styles embedded by the Gram loss (and a little of the pixel loss, to keep colours in place; the paper's weights
are not known). Colour is measured by mean and deviation of each channel, structure by the correlation of brightness.
"""

from statistics import mean
from typing import Any

import numpy as np
import torch

from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.edits.options import layer_set
from i2s_lightning.experiments.figures import enlargement, short
from i2s_lightning.experiments.findings import missing_note
from i2s_lightning.experiments.lab import Lab, array
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.ops.latents import mix

GRAM = {
    "style": {"class_path": "StyleLoss", "init_args": {"weight": 1.0, "layer": "conv4_2"}},
    "pixel": {"class_path": "PixelLoss", "init_args": {"weight": 0.05}},
}


def run(lab: Lab) -> Outcome:
    """Cross contents with styles, embedded in two ways."""
    contents, styles = (lab.names(option) for option in ("contents", "styles"))
    e = lab.embed(list(dict.fromkeys(contents + styles)))
    gram = lab.embed(styles, losses=GRAM)
    rows, numbers = [], []
    for word, source in (("", e), ("Gram", gram)):
        rows.append(Row(f"style {word}".strip(), [None, *(Tile(lab.render(source, name)) for name in styles)]))
        for content in contents:
            own = lab.render(e, content)
            made = {style: crossed(lab, e[content], source[style]) for style in styles}
            rows.append(Row(short(content), [Tile(own), *(Tile(pixels) for pixels in made.values())]))
            numbers += [
                {"content": content, "style": style, "embedded_by": word or "paper's loss"}
                | measured(pixels, own, lab.render(source, style))
                for style, pixels in made.items()
                if style != content
            ]
    columns = ["content", *(short(name) for name in styles)]
    notes = missing_note(lab.gallery.missing)
    return Outcome(grid(rows, columns=columns, scale=enlargement(lab)), numbers, verdicts(numbers), notes)


@torch.no_grad()
def crossed(lab: Lab, content: torch.Tensor, style: torch.Tensor) -> Pixels:
    """Render the content's lower layers with the style's upper half."""
    generator = lab.generator()
    layers = layer_set("half", generator.layer_resolutions)
    return array(render_one(generator, mix(content[None], style[None], layers=layers)[0], "const"))


def measured(made: Pixels, content: Pixels, style: Pixels) -> dict[str, float]:
    """Measure what came from where."""
    return {
        "colour_to_content": _colour(made, content),
        "colour_to_style": _colour(made, style),
        "structure_of_content": _structure(made, content),
        "structure_of_style": _structure(made, style),
    }


def _colour(a: Pixels, b: Pixels) -> float:
    """Distance of the channels' means and deviations, of 255."""
    first, second = (np.concatenate([p.mean((0, 1)), p.std((0, 1))]) for p in (a.astype(float), b.astype(float)))
    return float(np.sqrt(np.square(first - second).mean()))


def _structure(a: Pixels, b: Pixels) -> float:
    """Correlation of brightness."""
    first, second = (p.astype(float).mean(2).ravel() for p in (a, b))
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def verdicts(numbers: list[dict[str, Any]]) -> list[Verdict]:
    """Judge colour and structure, of plain embeddings."""
    plain = [row for row in numbers if row["embedded_by"] != "Gram"]
    nearer = [row["colour_to_style"] < row["colour_to_content"] for row in plain]
    told = f"Nearer to the style's than to the content's in {sum(nearer)} of {len(nearer)} pairs."
    faces = [row for row in plain if row["content"].startswith("faces/")]
    others = [row for row in plain if not row["content"].startswith("faces/")]
    return [
        Verdict("Colours come from the style.", sum(nearer) > len(nearer) / 2, told, quoted=False),
        _kept(faces, others),
    ]


def _kept(faces: list[dict[str, Any]], others: list[dict[str, Any]]) -> Verdict:
    claim = "Faces keep their structure as contents, other pictures don't."
    if not faces or not others:
        return Verdict(claim, None, "It takes contents of both kinds to tell.", quoted=False)
    kept = {
        kind: (mean(r["structure_of_content"] for r in rows), mean(r["structure_of_style"] for r in rows))
        for kind, rows in (("faces", faces), ("others", others))
    }
    told = ", ".join(
        f"{kind} {own:.2f} with the content and {other:.2f} with the style" for kind, (own, other) in kept.items()
    )
    holds = kept["faces"][0] > kept["faces"][1] and kept["others"][0] < kept["others"][1]
    return Verdict(claim, holds, f"Correlation of brightness: {told}.", quoted=False)
