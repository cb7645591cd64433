"""Which loss?

From memory of the paper: it compares the mean squared error alone, one VGG layer, several VGG layers, the error with
one layer, and the error with all, its own. The error alone smooths details away, several layers beat one, and the sum
of all is best.

Here the single layer is conv3_2. PSNR belongs to the first of these losses and the perceptual distance looks at the
same four layers as the last (though normalised): a loss does best by its own measure. SSIM belongs to none.
"""

from typing import Any

from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, seen, short
from i2s_lightning.experiments.findings import missing_note
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict

BEST = "MSE + all"


def run(lab: Lab) -> Outcome:
    """Embed with every loss."""
    names = lab.names()
    found = {
        word: lab.embed(names) if losses is None else lab.embed(names, losses=losses)
        for word, losses in variants(lab.settings["model"]["losses"], lab.options["layer"]).items()
    }
    rows = [
        Row(short(n), [Tile(lab.target(found[BEST], n)), *(seen(lab, e, n) for e in found.values())]) for n in names
    ]
    keys = ("psnr", "ssim", "perceptual", "w_avg_distance")
    numbers = [
        {"loss": word, "picture": short(n)} | {key: e.metrics[n][key] for key in keys if key in e.metrics[n]}
        for word, e in found.items()
        for n in names
    ]
    figure = grid(rows, columns=["input", *found], scale=enlargement(lab))
    return Outcome(figure, numbers, verdicts(numbers), missing_note(lab.gallery.missing))


def variants(own: dict[str, Any], layer: str) -> dict[str, dict[str, Any] | None]:
    """Give the paper's five columns; None stands for the preset's own losses."""
    pixel, vgg = own["pixel"], own["perceptual"]
    one = {**vgg, "init_args": {**vgg["init_args"], "layers": {layer: 1.0}}}
    return {
        "MSE": {"pixel": pixel},
        "one layer": {"perceptual": one},
        "all layers": {"perceptual": vgg},
        "MSE + one": {"pixel": pixel, "perceptual": one},
        BEST: None,
    }


def verdicts(numbers: list[dict[str, Any]]) -> list[Verdict]:
    """Rank the losses by every measure."""
    words = list(dict.fromkeys(row["loss"] for row in numbers))

    def means(key: str) -> dict[str, float]:
        values = {word: [row[key] for row in numbers if row["loss"] == word] for word in words}
        return {word: sum(found) / len(found) for word, found in values.items()}

    perceptual, psnr = means("perceptual"), means("psnr")
    told = f"Mean perceptual distance: {_list(perceptual, '.3f')}."
    return [
        Verdict(
            "The error with all layers has the best perceptual distance.", _best(perceptual) == BEST, told, quoted=False
        ),
        Verdict(
            "Several layers beat one.",
            perceptual["all layers"] < perceptual["one layer"],
            f"Mean perceptual distance: {perceptual['all layers']:.3f} and {perceptual['one layer']:.3f}.",
            quoted=False,
        ),
        Verdict(
            "The error alone has the worst perceptual distance and the best PSNR.",
            _best({word: -value for word, value in perceptual.items()}) == "MSE"
            and _best({word: -value for word, value in psnr.items()}) == "MSE",
            f"Mean PSNR in dB: {_list(psnr, '.2f')}.",
            quoted=False,
        ),
    ]


def _best(values: dict[str, float]) -> str:
    return min(values, key=values.__getitem__)


def _list(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{word} {value:{form}}" for word, value in values.items())
