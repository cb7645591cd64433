"""What can be embedded?

The paper embeds 25 pictures of five classes (faces, cats, dogs, cars, paintings) into a StyleGAN that was trained on
faces alone. It finds faces of very high quality, and the other classes "although slightly worse than those of human
faces ... reasonable and relatively high-quality".

Here every picture is embedded into W+ from the mean style. The figure has inputs above embeddings. The distance to
the mean style tells how far a picture's latent lies from what the generator draws by itself.
"""

from statistics import mean

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import grid
from i2s_lightning.experiments.figures import enlargement, pairs
from i2s_lightning.experiments.findings import missing_note
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict

REASONABLE = 6.0
"""dB below faces: half the precision."""
KEYS = ("psnr", "ssim", "perceptual", "loss", "w_avg_distance")

Means = dict[str, dict[str, float]]


def run(lab: Lab) -> Outcome:
    """Embed all classes."""
    classes = lab.pictures()
    kinds = {name: kind for kind, names in classes.items() for name in names}
    e = lab.embed(list(kinds))
    numbers = [
        {"class": kind, "picture": name} | {key: e.metrics[name][key] for key in KEYS if key in e.metrics[name]}
        for name, kind in kinds.items()
    ]
    figure = grid(pairs(lab, e, list(kinds), list(kinds.values())), scale=enlargement(lab))
    return Outcome(figure, numbers, verdicts(means(e, classes)), missing_note(lab.gallery.missing))


def means(e: Embedding, classes: dict[str, list[str]]) -> Means:
    """Average each class."""
    keys = ("loss", "psnr", "w_avg_distance")
    return {kind: {key: mean(e.metrics[n][key] for n in names) for key in keys} for kind, names in classes.items()}


def verdicts(means: Means) -> list[Verdict]:
    """Judge the paper's statements."""
    faces, others = means.get("faces"), [values for kind, values in means.items() if kind != "faces"]
    if faces is None or not others:
        return [Verdict("Faces embed better than other classes.", None, "It takes faces and another class to tell.")]
    return [
        Verdict(
            "Faces embed better than other classes.",
            all(values["loss"] > faces["loss"] for values in others),
            f"Mean loss: {_list(means, 'loss', '.3f')}.",
        ),
        Verdict(
            "Other classes embed reasonably all the same.",
            all(values["psnr"] > faces["psnr"] - REASONABLE for values in others),
            f"Mean PSNR in dB: {_list(means, 'psnr', '.1f')}; reasonable: at most {REASONABLE:g} dB below faces.",
        ),
        Verdict(
            "Latents of other classes lie further from the mean style than those of faces.",
            all(values["w_avg_distance"] > faces["w_avg_distance"] for values in others),
            f"Mean distance: {_list(means, 'w_avg_distance', '.1f')}.",
            quoted=False,
        ),
    ]


def _list(means: Means, key: str, form: str) -> str:
    return ", ".join(f"{kind} {values[key]:{form}}" for kind, values in means.items())
