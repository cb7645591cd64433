"""What a teacher knows of expressions, as directions of the generator that it taught."""

from dataclasses import replace

import torch
from faces.assets import load_assets
from faces.draws import Array
from faces.expressions import PRESETS, action_weights
from training.teacher import Teacher

from i2s_lightning.edits import Direction
from i2s_lightning.edits.finding import make_direction
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.samples import SAMPLES, sample_w


@torch.no_grad()
def expression_directions(teacher: Teacher, generator: Generator, scale: float) -> dict[str, Direction]:
    """Make a direction of each preset but the neutral one: styles are linear in facial actions.

    Those that are of one side have their mirror image beside them. ``facts`` tell the strength of the ``full`` preset.

    Args:
        teacher: Of the styles.
        generator: As it ships.
        scale: Its styles' units in those of the teacher; see ``set_units``.
    """
    samples, layers = sample_w(generator, SAMPLES), range(generator.num_ws)
    found = {}
    for name, actions in _presets().items():
        vector = scale * teacher.expression(torch.tensor(actions).float())
        facts = {"method": "the style of a preset, known from training"}
        direction = make_direction(name, vector, samples, len(layers), layers, facts)
        full = float(vector.norm() / direction.ws[0].norm())
        found[name] = replace(direction, facts=facts | {"full": round(full, 2)})
    return found


def _presets() -> dict[str, Array]:
    names, weights = load_assets().action_names, {}
    for preset, actions in PRESETS.items():
        weights[preset] = action_weights(names, actions)
        mirrored = action_weights(names, actions, flip=True)
        if (mirrored != weights[preset]).any():
            weights[f"{preset}_mirrored"] = mirrored
    del weights["neutral"]
    return weights
