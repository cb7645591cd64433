"""What the controls say, as data, and the latent that it stands for. Nothing here knows of a browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from jaxtyping import Float
from torch import Tensor

from i2s_lightning.edits.direction_files import Direction
from i2s_lightning.edits.latent import Latent
from i2s_lightning.edits.mixing import crossed
from i2s_lightning.edits.morphing import between
from i2s_lightning.edits.options import Number, windows
from i2s_lightning.edits.transferring import moved
from i2s_lightning.edits.truncating import pulled
from i2s_lightning.errors import ConfigError
from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.directions import project
from i2s_lightning.ops.latents import clean_difference


@dataclass(frozen=True)
class Recipe:
    """What is done to a picture, in this order: morph, mix, transfer, directions, truncation.

    A part without its pictures, or with an amount of 0, does nothing.

    Attributes:
        picture: Name of the picture that is edited.
        towards: The one it is morphed to.
        morph: How far, 0 to 1.
        style: The one that gives ``layers``.
        layers: Indices of styles.
        mix: 1 takes these layers whole, less mixes them.
        neutral: A face at rest...
        expression: ...and the same face with the expression that is transferred.
        strength: Of the expression.
        threshold: Layers in which the two differ by less (L2 norm) are left out...
        within: ...or, instead, take of the difference only what the generator's expressions can say.
        directions: Strengths by the directions' names, in standard deviations of samples.
        psi: Truncation: 1 is the picture itself, 0 the generator's mean.
    """

    picture: str
    towards: str | None = None
    morph: Number = 0
    style: str | None = None
    layers: Sequence[int] = ()
    mix: Number = 0
    neutral: str | None = None
    expression: str | None = None
    strength: Number = 0
    threshold: Number = 1
    within: bool = False
    directions: Mapping[str, Number] = field(default_factory=dict)
    psi: Number = 1

    def effective(self) -> "Recipe":
        """Leave out what does nothing."""
        nothing: dict[str, Any] = {"directions": {name: amount for name, amount in self.directions.items() if amount}}
        if self.towards is None or not self.morph:
            nothing |= {"towards": None, "morph": 0}
        if self.style is None or not self.layers or not self.mix:
            nothing |= {"style": None, "layers": (), "mix": 0}
        if self.neutral is None or self.expression is None or not self.strength:
            nothing |= {"neutral": None, "expression": None, "strength": 0, "threshold": 1, "within": False}
        return replace(self, **nothing)

    def facts(self) -> dict[str, Any]:
        """Give what has an effect, ready for JSON; ``Recipe(**facts)`` makes the same latent.

        Example:
            >>> Recipe("anna", towards="ben", morph=0.4, style="leo", psi=0.7).facts()
            {'picture': 'anna', 'towards': 'ben', 'morph': 0.4, 'psi': 0.7}
        """
        plain = asdict(Recipe(self.picture))
        facts = {key: value for key, value in asdict(self.effective()).items() if value != plain[key]}
        return {"picture": self.picture} | facts

    def pictures(self) -> list[str]:
        """Name the pictures that have an effect."""
        used = self.effective()
        names = (used.picture, used.towards, used.style, used.neutral, used.expression)
        return list(dict.fromkeys(name for name in names if name is not None))

    def sentence(self) -> str:
        """Say it in words.

        Example:
            >>> Recipe("anna", towards="ben", morph=0.4, directions={"yaw": -1.5}).sentence()
            'anna, 40% towards ben, yaw -1.5'
        """
        used = self.effective()
        parts = [used.picture]
        if used.towards is not None:
            parts.append(f"{used.morph:.0%} towards {used.towards}")
        if used.style is not None:
            amount = "" if used.mix == 1 else f" at {used.mix:.0%}"
            parts.append(f"layers {_ranges(used.layers)} of {used.style}{amount}")
        if used.expression is not None:
            limit = " within expressions" if used.within else ""
            parts.append(f"{used.strength:+.2g} x ({used.expression} - {used.neutral}){limit}")
        parts += [f"{name} {amount:+.2g}" for name, amount in used.directions.items()]
        parts += [f"truncated to {used.psi:.2g}"] if used.psi != 1 else []
        return ", ".join(parts)


def build(
    recipe: Recipe,
    stored: Callable[[str], Latent],
    directions: Mapping[str, Direction],
    generator: Generator,
    expressions: Float[Tensor, "R L D"] | None = None,
) -> Latent:
    """Follow a recipe.

    Args:
        recipe: What to do.
        stored: Gives a picture's latent by its name.
        directions: Those that the recipe may name.
        generator: That all belong to.
        expressions: What they span, orthonormal; None when none come with the generator.

    Returns:
        The latent; the stored one, bit by bit, when nothing is done.

    Raises:
        CheckpointError: There is no such picture, or some have noise maps of their own and others not.
        ConfigError: There is no such direction, or there are no expressions that it asks for.
    """
    used = recipe.effective()
    latent = stored(used.picture)
    if used.towards is not None:
        latent = between(latent, stored(used.towards), windows((), generator.layer_resolutions), used.morph)
    if used.style is not None:
        latent = crossed(latent, stored(used.style), used.layers, used.mix)
    if used.expression is not None:
        latent = moved(latent, difference(used, stored, expressions), used.strength)
    for name, amount in used.directions.items():
        if name not in directions:
            raise ConfigError(f"no direction {name!r}; there are {', '.join(directions) or 'none'}")
        latent = moved(latent, directions[name].ws, amount)
    return pulled(latent, generator.w_avg, used.psi)


def remark(recipe: Recipe, stored: Callable[[str], Latent]) -> str:
    """Say what a user may wonder about: why an expression shows no effect. Empty when there is nothing to say."""
    used = recipe.effective()
    if used.expression is None or used.within or difference(used, stored).any():
        return ""
    return (
        f"{used.expression} and {used.neutral} differ by less than {used.threshold:g} in every layer, so nothing is "
        "transferred: choose another pair, or a smaller least difference."
    )


def difference(
    recipe: Recipe, stored: Callable[[str], Latent], expressions: Float[Tensor, "R L D"] | None = None
) -> Float[Tensor, "L D"]:
    """Give what an effective recipe's expression changes, without noise."""
    assert recipe.neutral is not None
    assert recipe.expression is not None
    changed = (stored(recipe.expression).ws - stored(recipe.neutral).ws).unsqueeze(0)
    if not recipe.within:
        return clean_difference(changed, threshold=recipe.threshold)[0]
    if expressions is None:
        raise ConfigError("no expressions come with this generator; transfer without `within`")
    return project(changed, expressions.to(changed))[0]


def _ranges(layers: Sequence[int]) -> str:
    """Write indices as a user would: ``0-2, 5``."""
    runs: list[list[int]] = []
    for layer in sorted(layers):
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
