"""Expression transfers whose answer is known: target, source at rest and with the expression, and the true picture."""

from dataclasses import dataclass

import torch
from torch import Tensor

from i2s_lightning.data.decode import read_picture
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.experiments.figures import short
from i2s_lightning.experiments.lab import Lab, image


@dataclass(frozen=True)
class Triple:
    """One transfer.

    Attributes:
        target: Who gets the expression.
        neutral: The source at rest.
        expression: The source with it.
        truth: What the target truly looks like with it, ``(1, C, H, W)`` in [-1, 1].
    """

    target: str
    neutral: str
    expression: str
    truth: Tensor


def triples(lab: Lab) -> list[Triple]:
    """List the transfers that the options ``targets``, ``sources`` and ``truth`` of an experiment give."""
    targets, sources, truths = (lab.names(option) for option in ("targets", "sources", "truth"))
    found = []
    for expression in sources[1:]:
        for target in targets:
            answer = f"truth/{short(target)}_{short(expression).rpartition('_')[2]}"
            if answer in truths:
                found.append(Triple(target, sources[0], expression, _read(lab, answer)))
    return found


def _read(lab: Lab, name: str) -> Tensor:
    generator = lab.generator()
    pixels = read_picture(lab.gallery.path(name), generator.img_channels)
    return image(Preprocess()(pixels, generator.img_shape))


@torch.no_grad()
def face_distance(lab: Lab, made: Tensor, truth: Tensor) -> float:
    """Measure the perceptual distance over the face, brows to chin of aligned pictures."""
    return float(lab.perceptual(_face(made), _face(truth)))


def _face(picture: Tensor) -> Tensor:
    height, width = picture.shape[2:]
    return picture[:, :, round(0.36 * height) : round(0.9 * height), round(0.25 * width) : round(0.78 * width)]
