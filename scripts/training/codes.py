"""Portraits as Gaussian vectors: the renderer's own random numbers, laid out as a generator's ``z``."""

from collections.abc import Mapping

import numpy as np
from faces.draws import Array

WIDTHS = {
    "gender": 1, "age": 1, "weight": 1, "ancestry": 2,
    "preset": 1, "strength": 1, "flip": 1, "rest_smile": 1, "rest_brow": 1, "gaze": 2,
    "pose": 3, "skin_tone": 1, "skin_tint": 3,
    "hair_light": 1, "hair_tone": 1, "grey": 1, "dyed": 1, "iris_light": 1, "iris": 1,
    "lipstick": 1, "liner": 1, "brow": 1, "blush": 1, "freckles": 1,
    "style": 1, "hair": 8, "beard": 1, "beard_length": 1,
    "background_hue": 2, "background_s1": 1, "background_v1": 1, "background_shift": 1, "background_s2": 1,
    "background_v2": 1, "background_angle": 2, "cloth_hue": 2, "cloth_s": 1, "cloth_v": 1, "cloth": 3,
    "glasses": 1, "frame": 4, "light_azimuth": 1, "light_height": 1, "key": 1, "warmth": 1, "fill": 1,
}  # fmt: skip
"""The draws that show at 64 pixels, with the number of their scores. Twitches, grain and tints of the iris do not."""


def encode(scores: Mapping[str, Array], dial_axes: Array, rng: np.random.Generator) -> Array:
    """Lay out a portrait's scores as a standard normal vector.

    Args:
        scores: From ``Draws``.
        dial_axes: Orthonormal directions of the local dials, ``(D, K)``, those that move the face most first.
        rng: Fills what was not drawn (a beard's kind where there is none).

    Returns:
        ``(sum(WIDTHS) + K,)``.
    """
    parts = [scores[name] if name in scores else rng.standard_normal(width) for name, width in WIDTHS.items()]
    return np.concatenate([*parts, scores["dials"] @ dial_axes])


def principal_dials(displacements: Array, count: int) -> Array:
    """Find the combinations of local dials that move the visible face most.

    Args:
        displacements: Of the face's points for each dial, ``(D, P, 3)``.
        count: Number of combinations.

    Returns:
        Orthonormal columns, ``(D, count)``: turning independent normal numbers keeps them so.
    """
    left, _, _ = np.linalg.svd(displacements.reshape(len(displacements), -1), full_matrices=False)
    return np.asarray(left[:, :count])
