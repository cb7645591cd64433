"""Portraits as the numbers that their pictures depend on, which a ``Teacher`` turns into styles."""

import numpy as np
from faces.beard import LAYERED
from faces.draws import Array
from faces.people import BEARDS, STYLES_OF_WOMEN, Person

ACTIONS = 52
"""The first so many parameters are the weights of the facial actions: the expression."""


def parameters_of(person: Person, dial_axes: Array) -> Array:
    """Lay out a person's parameters as one vector.

    Colours are encoded (gamma 2.2), as pictures are; a background is its mean colour and its two slopes; what does not
    show, as the frame of glasses that are not worn, is 0.

    Args:
        person: Whose portrait it is.
        dial_axes: Orthonormal directions of the local dials, ``(D, K)``.

    Returns:
        ``(P,)``; the facial actions come first.
    """
    first, second = _encoded(person.background)
    angle, grain = person.background_angle, person.grain
    parts: list[object] = [
        person.actions,
        [person.gender, person.age, person.weight, *person.ancestry],
        person.dials @ dial_axes / 0.3,
        person.pose / [0.27, 0.11, 0.09],
        *(_encoded(colour) for colour in (person.skin, person.hair_colour, person.iris, person.cloth_colour)),
        [*(_encoded(person.lip_colour) * person.lipstick), person.lipstick],
        [person.liner, person.brow, person.blush, person.freckles],
        _one_hot(person.style, list(STYLES_OF_WOMEN)),
        person.hair,
        _one_hot(person.beard, list(BEARDS)),
        [person.beard_length * (person.beard in LAYERED)],
        [*(first + second), *((second - first) * np.cos(angle)), *((second - first) * np.sin(angle))],
        [np.sin(9 * grain), np.cos(9 * grain), np.sin(7 * grain), np.cos(7 * grain)],
        person.cloth,
        [person.glasses, *(person.frame * person.glasses)],
        [*person.light, person.key, person.warmth, person.fill],
    ]
    return np.concatenate([np.asarray(part, float) for part in parts])


def _encoded(colour: Array) -> Array:
    return np.asarray(np.clip(colour, 0, 1) ** (1 / 2.2))


def _one_hot(name: str, names: list[str]) -> Array:
    return np.asarray([float(name == other) for other in names])
