"""Which latent space can hold a picture?

The paper finds that embedding into Z or W directly is not easily possible, and that W+, one style a layer, works. From
memory of it, a network with random weights stands beside the trained one.

Here pictures are embedded into Z, into W, into W with one style each for coarse, middle and fine layers (`w_groups`,
which the paper does not have), and into W+; then into W and W+ of a twin with random weights.
"""

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, seen, short
from i2s_lightning.experiments.findings import missing_note, ordered
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.experiments.untrained import untrained_twin

WORDS = {"z": "Z", "w": "W", "w_groups": "W groups", "w_plus": "W+"}


def run(lab: Lab) -> Outcome:
    """Embed into every space."""
    names = lab.names()
    twin = str(untrained_twin(lab.generator(), lab.setup.out / "generators"))
    found: dict[str, Embedding] = {
        word: lab.embed(names) if space == "w_plus" else lab.embed(names, space=space) for space, word in WORDS.items()
    }
    found["W, random"] = lab.embed(names, space="w", generator=twin)
    found["W+, random"] = lab.embed(names, generator=twin)
    rows = [
        Row(short(n), [Tile(lab.target(found["W+"], n)), *(seen(lab, e, n) for e in found.values())]) for n in names
    ]
    numbers = [
        {"space": word, "picture": n} | {k: e.metrics[n][k] for k in ("psnr", "perceptual", "loss", "w_avg_distance")}
        for word, e in found.items()
        for n in names
    ]
    psnr = {word: [e.metrics[n]["psnr"] for n in names] for word, e in found.items()}

    def judged(claim: str, *words: str, quoted: bool) -> Verdict:
        return ordered(claim, {word: psnr[word] for word in words}, unit=" dB", quoted=quoted)

    verdicts = [
        judged("W+ embeds better than W, and W better than Z.", "Z", "W", "W+", quoted=True),
        judged("Tying layers in groups lies between W and W+.", "W", "W groups", "W+", quoted=False),
        judged("Trained weights embed better into W+ than random ones.", "W+, random", "W+", quoted=False),
    ]
    figure = grid(rows, columns=["input", *found], scale=enlargement(lab))
    return Outcome(figure, numbers, verdicts, missing_note(lab.gallery.missing))
