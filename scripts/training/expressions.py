"""What a teacher knows of expressions, as directions of the generator that it taught."""

import torch
from faces.expressions import PRESETS
from faces.portrait import preset_actions
from training.teacher import Teacher

from i2s_lightning.edits import Direction
from i2s_lightning.edits.finding import make_direction
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.samples import SAMPLES, sample_w


@torch.no_grad()
def expression_directions(teacher: Teacher, generator: Generator) -> dict[str, Direction]:
    """Make a direction of each preset but the neutral one: styles are linear in facial actions.

    Args:
        teacher: Of the styles, in whatever units.
        generator: As it ships.
    """
    samples, layers = sample_w(generator, SAMPLES), range(generator.num_ws)
    facts = {"method": "the style of the preset's facial actions, known from training"}
    vectors = {name: teacher.expression(torch.tensor(preset_actions(name)).float()) for name in PRESETS}
    return {
        name: make_direction(name, vector, samples, len(layers), layers, facts)
        for name, vector in vectors.items()
        if name != "neutral"
    }
