"""Named expressions as weights of the 52 facial actions."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PRESETS: dict[str, dict[str, float]] = {
    "neutral": {},
    "smile": {"mouthSmile": 1.0, "cheekSquint": 0.5, "mouthDimple": 0.3, "eyeSquint": 0.2},
    "laugh": {
        "mouthSmile": 1.0,
        "jawOpen": 0.42,
        "cheekSquint": 0.8,
        "mouthUpperUp": 0.5,
        "eyeSquint": 0.45,
        "browInnerUp": 0.2,
    },
    "surprise": {"jawOpen": 0.55, "browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.9},
    "anger": {"browDown": 1.0, "noseSneer": 0.6, "mouthPress": 0.6, "eyeSquint": 0.4, "mouthFrown": 0.4},
    "sad": {"browInnerUp": 1.0, "mouthFrown": 0.9, "eyeSquint": 0.2, "mouthShrugLower": 0.5, "eyeLookDown": 0.3},
    "disgust": {"noseSneer": 1.0, "mouthUpperUp": 0.6, "browDown": 0.5, "eyeSquint": 0.5, "mouthFrown": 0.3},
    "kiss": {"mouthPucker": 1.0, "browInnerUp": 0.2},
    "fear": {"browInnerUp": 1.0, "eyeWide": 0.8, "mouthStretch": 0.7, "jawOpen": 0.2},
    "puff": {"cheekPuff": 1.0, "mouthPress": 0.3},
    "wink": {"eyeBlinkLeft": 1.0, "mouthSmile": 0.5, "cheekSquintLeft": 0.6},
    "smirk": {"mouthSmileLeft": 0.8, "mouthDimpleLeft": 0.5, "browOuterUpLeft": 0.6},
    "blink": {"eyeBlink": 1.0},
    "grin": {"mouthSmile": 0.8, "mouthUpperUp": 0.45, "mouthLowerDown": 0.45, "cheekSquint": 0.5, "jawOpen": 0.08},
    "tongue": {"jawOpen": 0.35, "tongueOut": 0.9, "mouthSmile": 0.4},
}
"""A name without Left or Right stands for both sides."""

_FREQUENT = {
    "neutral": 0.18,
    "smile": 0.13,
    "laugh": 0.12,
    "surprise": 0.12,
    "anger": 0.08,
    "kiss": 0.10,
    "sad": 0.05,
    "grin": 0.05,
}
FREQUENCIES = {name: _FREQUENT.get(name, 0.17 / (len(PRESETS) - len(_FREQUENT))) for name in PRESETS}
"""How often each preset is drawn."""


def action_weights(names: Sequence[str], actions: Mapping[str, float], *, flip: bool = False) -> Array:
    """Turn facial actions by name into a vector.

    Args:
        names: All actions, in the order of the vector.
        actions: Weights, about [0, 1]; a name without Left or Right sets both sides.
        flip: Exchange the sides.

    Returns:
        One weight per name.

    Example:
        >>> action_weights(["jawOpen", "blinkLeft", "blinkRight"], {"blinkLeft": 1.0}, flip=True)
        array([0., 0., 1.])
    """
    weights = np.zeros(len(names))
    for action, weight in actions.items():
        for name in [action] if action in names else [f"{action}Left", f"{action}Right"]:
            weights[names.index(_other_side(name) if flip else name)] = weight
    return weights


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name
