"""Colour: formulas of where a point lies on the undeformed head, so that paint follows every deformation."""

from dataclasses import dataclass

import torch
from faces.assets import FaceAssets, Material
from faces.beard import beard_density
from faces.curves import bump, lerp, mix, piecewise, smooth_step, vec
from faces.hair import hairline
from faces.mesh import neckline
from faces.people import Person
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Surface:
    """Points to be painted.

    Attributes:
        points: Canonical positions.
        material: A ``Material`` each.
        lips: And the following, masks in [0, 1].
    """

    points: Tensor
    material: Tensor
    lips: Tensor
    mouth: Tensor
    ears: Tensor
    lids: Tensor


class Painter:
    """Paints one person."""

    def __init__(self, assets: FaceAssets, person: Person) -> None:
        self.assets, self.person, self.noise = assets, person, assets.noise
        self.old = person.age > 0.85
        self.skin, self.hair = vec(person.skin), vec(person.hair_colour)

    def paint(self, surface: Surface) -> tuple[Tensor, Tensor, Tensor]:
        """Return colours, how much hair covers the skin, and how much clothes do."""
        body = surface.material == Material.BODY
        colour = self._skin(surface)
        cover = self._cover(surface) * body
        colour = mix(colour, self.hair * 0.85, cover)
        brow_colour = self.hair * lerp(vec([0.62, 0.5, 0.42]), torch.ones(3), 0.5 * self.old)
        colour = mix(colour, brow_colour, self._brows(surface.points) * body)
        height = neckline(self.person, surface.points)
        cloth = smooth_step(0.012, -0.012, height) * body
        colour = mix(colour, self._cloth(surface.points, height), cloth)
        colour = torch.where(((surface.mouth > 0.5) & body)[:, None], vec([0.20, 0.035, 0.035]), colour)
        return self._other_materials(surface, colour), cover, cloth

    def _skin(self, s: Surface) -> Tensor:
        x, y, grain, person = s.points[:, 0], s.points[:, 1], self.person.grain, self.person
        mottled = self.noise(x * 0.6 + grain, y * 0.6) + self.noise(x * 2.1, y * 2.1 + grain)
        colour = self.skin * (1 + 0.015 * mottled)[:, None]
        red = 0.75 * _spot(s, 0.5, 6.98, 1.2, 0.22, 0.2) + 0.6 * _spot(s, 0, 6.95, 1.75, 0.16, 0.16) + 0.5 * s.ears
        colour = mix(colour, colour * vec([1.08, 0.70, 0.66]), person.blush * red)
        shade = (0.25 + 0.25 * self.old) * _spot(s, 0.31, 7.14, 1.35, 0.16, 0.08) + 0.35 * s.lids
        colour = mix(colour, colour * vec([0.72, 0.62, 0.66]), shade + 0.25 * _spot(s, 0.31, 7.38, 1.4, 0.2, 0.08))
        dots = person.freckles * smooth_step(0.9, 1.8, self.noise(x * 3 + grain, y * 3))
        colour = mix(colour, colour * vec([0.62, 0.45, 0.36]), dots * _spot(s, 0.3, 7.0, 1.4, 0.4, 0.2))
        lips = lerp(colour * vec([0.86, 0.52, 0.52]), vec(person.lip_colour), person.lipstick)
        return mix(colour, lips, s.lips * 0.9)

    def _cover(self, s: Surface) -> Tensor:
        """Scalp under the wig, and stubble."""
        person = self.person
        azimuth, angle = self.assets.polar(s.points)
        streak = self.noise(azimuth * 3 + person.grain, angle * 0.3)
        beyond = angle - hairline(self.assets, person, azimuth.abs()) + 0.03 * streak
        amount = {"bald": 0.1 * (person.gender > 0.5), "buzz": 0.8}.get(person.style, 0.92)
        cover = smooth_step(0.05, -0.10, beyond) * (1 - s.ears) * amount
        if person.style == "bald":
            cover = cover * smooth_step(0.8, 1.3, angle)
        if person.beard == "none":
            return cover
        amount = (0.3 + 0.2 * person.beard_length) if person.beard == "stubble" else 0.85
        beard = beard_density(s.points, person.beard) * (1 - s.lips) * amount * (1 + 0.1 * streak)
        return torch.maximum(cover, beard)

    def _brows(self, points: Tensor) -> Tensor:
        x, y, grain = points[:, 0].abs(), points[:, 1], self.person.grain
        knots = vec([0, 0.1, 0.2, 0.42, 0.6, 1])
        height = piecewise(x, knots, vec([7.50, 7.504, 7.533, 7.556, 7.493, 7.44]))
        knots = vec([0, 0.07, 0.12, 0.4, 0.6, 1])
        width = piecewise(x, knots, vec([0.02, 0.034, 0.038, 0.032, 0.012, 0.01]))
        width = width * (0.7 + 0.4 * float(self.person.hair[4]) + 0.35 * (self.person.gender > 0.5))
        rough = 0.12 * self.noise(x * 1.2 + y * 0.8 + grain, y * 0.6 - x * 0.3)
        inside = smooth_step(0.05, 0.12, x) * smooth_step(0.63, 0.55, x) * (points[:, 2] > 0.9)
        return smooth_step(1.25, 0.35, (y - height).abs() / width + rough) * inside * self.person.brow

    def _cloth(self, points: Tensor, height: Tensor) -> Tensor:
        colour, pattern = vec(self.person.cloth_colour).expand(len(points), 3), float(self.person.cloth[2])
        if pattern > 0.75:
            stripes = torch.sin(points[:, 1] * (14 + 160 * (pattern - 0.75)))
            colour = lerp(colour, 0.75 - 0.6 * colour, smooth_step(-0.1, 0.1, stripes)[:, None])
        return colour * (1 - 0.3 * smooth_step(-0.075, -0.065, height))[:, None]  # darker hem

    def _eyes(self, points: Tensor) -> Tensor:
        """White and iris, by the angle from the eyeball's rest axis, so that turning the eyeball moves the gaze."""
        left, right = (self.assets.points[eye].mean(0) for eye in self.assets.eyes)
        offset = points - torch.where((points[:, 0] > 0)[:, None], left, right)
        angle = torch.acos(F.normalize(offset, dim=1)[:, 2].clamp(-1, 1))
        around, radius = torch.atan2(offset[:, 1], offset[:, 0]), 0.50
        fibre = (
            0.75 + 0.9 * smooth_step(0.15, radius, angle) + 0.12 * torch.sin(around * 23 + 3 * torch.sin(around * 7))
        )
        rim, pupil = 1 - 0.75 * smooth_step(radius - 0.12, radius, angle), 1 - 0.97 * smooth_step(0.24, 0.19, angle)
        iris = vec(self.person.iris) * (fibre * rim * pupil)[:, None]
        white = vec([0.80, 0.77, 0.75]) * (1 - 0.12 * smooth_step(0.6, 1.1, angle)[:, None] * vec([0.2, 1, 1]))
        return mix(white, iris, smooth_step(radius + 0.04, radius - 0.03, angle))

    def _other_materials(self, s: Surface, colour: Tensor) -> Tensor:
        depth = 0.45 + 0.55 * smooth_step(1.1, 1.4, s.points[:, 2])
        colours = {
            Material.EYE: self._eyes(s.points),
            Material.TEETH: vec([0.85, 0.81, 0.73]) * depth[:, None],
            Material.TONGUE: vec([0.50, 0.14, 0.14]),
            Material.LASH: 0.02 + 0.1 * self.hair,
            Material.GLASSES: vec(self.person.cloth_colour).flip(0) * 0.35 + 0.01,
        }
        for material, own in colours.items():
            colour = torch.where((s.material == material)[:, None], own, colour)
        return colour


def _spot(s: Surface, x: float, y: float, z: float, width: float, height: float) -> Tensor:
    """A soft spot on both sides of the face."""
    return bump(s.points[:, 0].abs(), x, width) * bump(s.points[:, 1], y, height) * bump(s.points[:, 2], z, 0.5)
