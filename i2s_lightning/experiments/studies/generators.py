"""Does it matter what the generator was trained on, or that it was trained at all?

The paper takes a generator of faces for all classes, and asks what another training set would change. From memory of
it: generators of other classes embed worse, and a network with random weights serves as a control.

Here the same pictures are embedded into every generator that is named (`--generator A B C`) and into a twin of the
first one that has random weights: the same layers, as they are before training.
"""

from collections.abc import Sequence
from pathlib import Path

from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, seen, short
from i2s_lightning.experiments.findings import missing_note, ordered
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.experiments.untrained import untrained_twin


def run(lab: Lab) -> Outcome:
    """Embed into every generator and into an untrained one."""
    names = lab.names()
    twin = str(untrained_twin(lab.generator(), lab.setup.out / "generators"))
    first, *others = labels(lab.generators)
    found = {word: lab.embed(names, generator=file) for word, file in zip(others, lab.generators[1:], strict=True)}
    found = {first: lab.embed(names)} | found | {"untrained": lab.embed(names, generator=twin)}
    rows = [
        Row(short(n), [Tile(lab.target(found[first], n)), *(seen(lab, e, n) for e in found.values())]) for n in names
    ]
    numbers = [
        {"generator": kind, "picture": n} | {k: e.metrics[n][k] for k in ("psnr", "perceptual", "loss")}
        for kind, e in found.items()
        for n in names
    ]
    psnr = {kind: [e.metrics[n]["psnr"] for n in names] for kind, e in found.items()}
    verdicts = [
        ordered(
            "Trained weights embed better than random ones.",
            {"untrained": psnr["untrained"], first: psnr[first]},
            unit=" dB",
            quoted=False,
        ),
        _others(first, psnr),
    ]
    figure = grid(rows, columns=["input", *found], scale=enlargement(lab))
    return Outcome(figure, numbers, verdicts, missing_note(lab.gallery.missing))


def labels(files: Sequence[str]) -> list[str]:
    """Name generators by their files, shortly where that tells them apart.

    Example:
        >>> labels(["ffhq.pkl", "a/network.pkl", "b/network.pkl"])
        ['ffhq', 'a/network.pkl', 'b/network.pkl']
    """
    stems = [Path(file).stem for file in files]
    return [stem if stems.count(stem) == 1 else file for stem, file in zip(stems, files, strict=True)]


def _others(first: str, psnr: dict[str, list[float]]) -> Verdict:
    claim = "Generators trained on other classes embed worse than one of faces."
    others = [kind for kind in psnr if kind not in (first, "untrained")]
    if not others:
        return Verdict(claim, None, "One trained generator was given; name several with --generator.", quoted=False)
    means = {kind: sum(psnr[kind]) / len(psnr[kind]) for kind in (first, *others)}
    told = ", ".join(f"{kind} {value:.1f} dB" for kind, value in means.items())
    return Verdict(claim, all(means[kind] < means[first] for kind in others), f"{told}.", quoted=False)
