"""Who is in a portrait, and how: every parameter of a picture, and their joint distribution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from faces.colours import HAIR, IRIS, LIPS, SKIN, Array, along, from_hsv
from faces.draws import Draws
from faces.expressions import FREQUENCIES, PRESETS, action_weights

STYLES_OF_MEN = {
    "bald": 0.10, "buzz": 0.12, "short": 0.30, "quiff": 0.20, "sidepart": 0.15,
    "afro": 0.05, "bob": 0.0, "long": 0.03, "fringe": 0.02, "bun": 0.0,
}  # fmt: skip
STYLES_OF_WOMEN = {
    "bald": 0.0, "buzz": 0.02, "short": 0.10, "quiff": 0.05, "sidepart": 0.08,
    "afro": 0.04, "bob": 0.22, "long": 0.30, "fringe": 0.20, "bun": 0.14,
}  # fmt: skip
BEARDS = {"none": 0.45, "stubble": 0.25, "full": 0.14, "goatee": 0.10, "moustache": 0.06}


@dataclass(frozen=True)
class Person:
    """One portrait's parameters. Numbers are in [0, 1] and colours RGB in linear light unless noted.

    Attributes:
        gender: 0 female to 1 male.
        age: 1/3 child, 2/3 young adult, 1 old.
        weight: 0.5 is average.
        ancestry: Shares of MakeHuman's three coarse axes (african, asian, caucasian).
        dials: Signed local features in [-1, 1], in the order of ``FaceAssets.dial_names``.
        preset: Name of the drawn expression.
        actions: Weights of the facial actions, in the order of ``FaceAssets.action_names``.
        pose: Yaw to the image's right, pitch down, roll; radians.
        hair: Length, volume, receding, curl, clumping, shine, parting, spare.
        glasses: Whether any are worn.
        frame: Width, height, roundness and thickness of their rims.
        cloth: Kind of neckline, its depth, pattern.
        background: Two colours.
        light: Direction towards the key light.
        warmth: Of the key light, signed.
        grain: Phase of all painted noise.
    """

    gender: float
    age: float
    weight: float
    ancestry: Array
    dials: Array
    preset: str
    actions: Array
    pose: Array
    skin_tone: float
    skin: Array
    hair_colour: Array
    iris: Array
    lip_colour: Array
    lipstick: float
    liner: float
    brow: float
    blush: float
    freckles: float
    style: str
    hair: Array
    beard: str
    beard_length: float
    background: Array
    background_angle: float
    cloth_colour: Array
    cloth: Array
    glasses: bool
    frame: Array
    light: Array
    key: float
    warmth: float
    fill: float
    grain: float

    def with_actions(self, actions: Array) -> Self:
        """Return the same person, picture and light with another expression."""
        return replace(self, preset="", actions=actions)


def draw_person(draws: Draws, dial_names: Sequence[str], action_names: Sequence[str]) -> Person:
    """Draw everything about one portrait.

    Args:
        draws: Source of random numbers; afterwards it holds their scores.
        dial_names: Local features.
        action_names: Facial actions.

    Returns:
        A person, with expression, pose, hair, clothes, background and light.
    """
    gender, age = draws.beta("gender", 0.4, 0.4), 0.36 + 0.64 * draws.beta("age", 1.2, 1.5)
    weight = min(max(draws.normal("weight", 0.5, 0.2), 0.0), 1.0)
    ancestry = draws.shares("ancestry", 0.5)
    larger_eyes = 0.45 * np.array(["eye-scale" in name for name in dial_names])
    count = len(dial_names)
    dials = np.clip(draws.normals("dials", [0.0] * count, [0.3] * count) + larger_eyes, -1, 1)
    preset, actions = _expression(draws, action_names)
    pose = np.clip(draws.normals("pose", [0.0] * 3, [0.27, 0.11, 0.09]), [-0.75, -0.3, -0.25], [0.75, 0.3, 0.25])
    body = {"gender": gender, "age": age, "weight": weight, "ancestry": ancestry, "dials": dials}
    return Person(
        **body,  # type: ignore[arg-type]  # each has its type
        preset=preset,
        actions=actions,
        pose=pose,
        **_complexion(draws, gender, age, ancestry),  # type: ignore[arg-type]
        **_setting(draws),  # type: ignore[arg-type]
    )


def _expression(draws: Draws, names: Sequence[str]) -> tuple[str, Array]:
    """A preset at some strength, a resting smile, a few small twitches and a gaze."""
    preset = draws.choice("preset", FREQUENCIES)
    strength, flip = draws.uniform("strength", 0.5, 1.05), draws.chance("flip", 0.5)
    rest = {"mouthSmile": draws.uniform("rest_smile", 0.05, 0.35), "browInnerUp": draws.uniform("rest_brow", 0, 0.3)}
    actions = strength * action_weights(names, PRESETS[preset], flip=flip) + action_weights(names, rest)
    which, size = draws.uniforms("twitch", len(names)), draws.uniforms("twitch_size", len(names), 0, 0.25)
    may = np.array([not name.startswith(("eyeLook", "tongue", "jawO")) for name in names])
    x, y = np.clip(draws.normals("gaze", [0.0, 0.0], [0.3, 0.3]), -0.9, 0.9)
    right, left, up, down = max(x, 0), max(-x, 0), 0.7 * max(y, 0), 0.6 * max(-y, 0)
    gaze = {
        "eyeLookInLeft": right,
        "eyeLookOutRight": right,
        "eyeLookOutLeft": left,
        "eyeLookInRight": left,
        "eyeLookUp": up,
        "eyeLookDown": down,
    }
    return preset, np.clip(actions + (which < 0.1) * size * may + action_weights(names, gaze), 0, 1)


def _complexion(draws: Draws, gender: float, age: float, ancestry: Array) -> dict[str, object]:
    """Skin, hair, eyes and make-up; they follow gender, age and ancestry loosely."""
    male, (african, asian, caucasian) = gender > 0.5, ancestry
    tone = 0.86 * african + 0.42 * asian + 0.16 * caucasian + draws.normal("skin_tone", 0, 0.1)
    tone = float(np.clip(tone, 0, 1))
    skin = along(SKIN, tone) * draws.normals("skin_tint", [1.0] * 3, [0.03] * 3)
    hair_colour = _hair_colour(draws, age, caucasian)
    dark = not draws.chance("iris_light", caucasian * 0.8)
    iris = along(IRIS, draws.beta("iris", 1, 4) * 0.5 if dark else draws.uniform("iris"))
    iris = iris * draws.uniform("iris_gain", 0.8, 1.2)
    made_up = {
        "lip_colour": LIPS[draws.pick(4)],
        "lipstick": 0.0 if male else max(0.0, draws.normal("lipstick", 0.25, 0.35)),
        "liner": draws.uniform("liner", 0.1, 0.35) if male else draws.uniform("liner", 0.3, 0.9),
        "brow": draws.uniform("brow", 0.65, 1.0),
        "blush": draws.uniform("blush", 0.2, 1.0),
        "freckles": max(0.0, draws.normal("freckles", -0.4, 0.6)) * (tone < 0.4),
    }
    style = draws.choice("style", _styles(male, age, african))
    hair = draws.uniforms("hair", 8)
    beard = draws.choice("beard", BEARDS) if male and age > 0.5 else "none"
    colours = {"skin_tone": tone, "skin": skin, "hair_colour": hair_colour, "iris": iris}
    beard_length = draws.uniform("beard_length")
    return {**colours, **made_up, "style": style, "hair": hair, "beard": beard, "beard_length": beard_length}


def _hair_colour(draws: Draws, age: float, caucasian: float) -> Array:
    dark = not draws.chance("hair_light", caucasian * 0.9)
    colour = along(HAIR, draws.beta("hair_tone", 1, 5) * 0.3 if dark else draws.uniform("hair_tone", 0, 0.76))
    grey = min(1.0, max(0.0, (age - 0.74) / 0.26) * draws.uniform("grey", 0.2, 1.5))
    if draws.chance("dyed", 0.015):
        return draws.shares("dye", 0.6) * draws.uniform("dye_value", 0.3, 0.8)
    return colour + (along(HAIR, draws.uniform("grey_tone", 0.875, 1.0)) - colour) * grey


def _styles(male: bool, age: float, african: float) -> dict[str, float]:
    weights = dict(STYLES_OF_MEN if male else STYLES_OF_WOMEN)
    weights["bald"] += 0.1 * (male and age > 0.82)
    weights["afro"] += 0.28 * african
    total = sum(weights.values())
    return {style: weight / total for style, weight in weights.items()}


def _setting(draws: Draws) -> dict[str, object]:
    """Background, clothes, glasses and light."""
    hue = draws.angle("background_hue") / (2 * math.pi)
    first = from_hsv(hue, draws.uniform("background_s1", 0.05, 0.5), draws.uniform("background_v1", 0.25, 0.9))
    other = (hue + draws.normal("background_shift", 0, 0.15)) % 1
    second = from_hsv(other, draws.uniform("background_s2", 0.05, 0.5), draws.uniform("background_v2", 0.25, 0.9))
    setting: dict[str, object] = {
        "background": np.stack([first, second]),
        "background_angle": draws.angle("background_angle"),
        "cloth_colour": from_hsv(
            draws.angle("cloth_hue") / (2 * math.pi),
            draws.uniform("cloth_s", 0, 0.8),
            draws.uniform("cloth_v", 0.12, 0.85),
        ),
        "cloth": draws.uniforms("cloth", 3),
        "glasses": draws.chance("glasses", 0.13),
        "frame": draws.uniforms("frame", 4),
    }
    azimuth, height = draws.uniform("light_azimuth", -1.1, 1.1), draws.uniform("light_height", 0.15, 1.0)
    towards = [math.sin(azimuth) * math.cos(height), math.sin(height), math.cos(azimuth) * math.cos(height)]
    lamp = {
        "light": np.array(towards),
        "key": draws.uniform("key", 0.75, 1.15),
        "warmth": draws.normal("warmth", 0, 0.06),
    }
    return {**setting, **lamp, "fill": draws.uniform("fill", 0.25, 0.55), "grain": draws.uniform("grain")}
