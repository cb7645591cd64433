"""Light: a key light with a soft shadow map, an opposite fill, and a sky tinted by the background."""

import torch
from faces.curves import facing, lerp, smooth_step, vec
from faces.people import Person
from faces.raster import rasterise
from torch import Tensor
from torch.nn import functional as F

VIEW = vec([0, 0, 1])
_MAP_SIDE = 176
_MAP_WIDTH = 3.4
_TAPS = (
    (-0.9, -0.4), (0.4, -0.9), (0.9, 0.4), (-0.4, 0.9), (0, 0), (1.6, 1.6), (-1.6, 1.6), (1.6, -1.6), (-1.6, -1.6)
)  # fmt: skip


class Lamps:
    """The lights of one portrait.

    Args:
        person: Whose.
        centre: What the shadow map is centred on.
        casters: Vertices and triangles that throw shadows.
    """

    def __init__(self, person: Person, centre: Tensor, casters: tuple[Tensor, Tensor]) -> None:
        self.direction = F.normalize(vec(person.light), dim=0)
        self.half = F.normalize(self.direction + VIEW, dim=0)
        self.key = vec([1 + person.warmth, 1, 1 - person.warmth]) * person.key * 1.8
        background = vec(person.background).clamp(0, 1)
        tint = lerp(torch.ones(3), background.mean(0) / background.mean().clamp(min=0.05), 0.25)
        self.sky, self.fill = tint * person.fill * 1.5, person.fill * 0.35
        self.opposite = F.normalize(self.direction * vec([-1, 0.3, 1]), dim=0)
        self.view, self.centre = facing(self.direction), centre
        vertices, triangles = casters
        seen = vertices @ self.view.T
        hits = rasterise(self._texel(seen), -seen[:, 2], triangles, _MAP_SIDE, cull=False)
        self.map = torch.full((_MAP_SIDE * _MAP_SIDE,), 9.0)
        self.map[hits.pixel] = hits.depth

    def _texel(self, seen: Tensor) -> Tensor:
        return (seen[:, :2] - self.view[:2] @ self.centre) * (_MAP_SIDE / _MAP_WIDTH) + _MAP_SIDE / 2

    def reach(self, points: Tensor, bias: float) -> Tensor:
        """Tell which share of the key light reaches points; ``bias`` keeps surfaces from shading themselves."""
        seen = points @ self.view.T
        xy, total = self._texel(seen), torch.zeros(len(points))
        for tap in _TAPS:
            at = (xy + vec(tap)).long().clamp(0, _MAP_SIDE - 1)
            total = total + smooth_step(0.0, 0.06, self.map[at[:, 1] * _MAP_SIDE + at[:, 0]] + bias + seen[:, 2])
        return total / len(_TAPS)

    def shade(
        self,
        colour: Tensor,
        normal: Tensor,
        *,
        ambient: Tensor,
        lit: Tensor,
        soft: Tensor | float,
        gloss: Tensor | float,
        power: Tensor | float,
    ) -> Tensor:
        """Light a surface.

        Args:
            colour: Of the paint.
            normal: Unit vectors.
            ambient: Share of the sky that is seen.
            lit: Share of the key light that arrives.
            soft: How much light wraps around and reddens, as in skin.
            gloss: Strength of the highlight.
            power: Its sharpness.
        """
        soft = torch.as_tensor(soft).reshape(-1, 1)
        wrap = vec([0.42, 0.20, 0.14]) * soft
        diffuse = (((normal @ self.direction)[:, None] + wrap) / (1 + wrap)).clamp(min=0)
        diffuse = diffuse * lit[:, None] ** (1 - 0.4 * soft * vec([1, 0.3, 0.1]))
        sky = lerp(vec([0.45, 0.36, 0.32]), torch.ones(3), normal[:, 1:2] * 0.5 + 0.5) * self.sky
        sky = sky + (normal @ self.opposite).clamp(min=0)[:, None] * self.fill
        highlight = (normal @ self.half).clamp(min=0) ** power * gloss * lit
        rim = (1 - normal[:, 2].clamp(0, 1)) ** 4 * 0.1 * ambient
        return (
            colour * (diffuse * self.key + sky * ambient[:, None])
            + highlight[:, None] * self.key
            + rim[:, None] * self.sky
        )
