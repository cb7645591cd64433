"""Beards: where they grow, and the layer of hair that stands off the skin."""

import torch
from faces.assets import FaceAssets, Material
from faces.curves import piecewise, smooth_step, vec
from faces.hair import Sheet
from faces.people import Person
from torch import Tensor

_X = (0, 0.12, 0.24, 0.34, 0.5, 0.66, 0.74, 0.9)
_UPPER = (6.83, 6.82, 6.74, 6.62, 6.62, 6.85, 7.15, 7.2)
LAYERED = ("full", "goatee", "moustache")
"""Kinds that stand off the skin."""


def beard_density(points: Tensor, kind: str) -> Tensor:
    """Tell how dense a beard is at canonical points, in [0, 1]."""
    x, y, z = points[:, 0].abs(), points[:, 1], points[:, 2]
    density = smooth_step(0.0, 0.09, piecewise(x, vec(_X), vec(_UPPER)) - y)
    density = density * smooth_step(6.05, 6.4, y + 0.45 * z) * smooth_step(0.62, 0.72, z + 0.25 * (0.72 - x))
    if kind == "goatee":
        density = density * (1 - smooth_step(0.26, 0.36, x))
    if kind == "moustache":
        density = density * smooth_step(6.66, 6.72, y + 0.2 * x) * (1 - smooth_step(0.3, 0.38, x))
    return density


def beard_sheet(assets: FaceAssets, person: Person, vertices: Tensor, normal: Tensor) -> Sheet:
    """Push a copy of the skin out where the beard grows; a strand's share is 1 where there is none."""
    points = assets.points
    density = beard_density(points, person.beard) * (1 - assets.lip_weight)
    grown = (density[assets.triangles].amax(1) > 0.02) & (assets.materials == Material.BODY)
    height = (0.03 + 0.12 * person.beard_length**2) * density
    strand = torch.stack([points[:, 0] * 1.3, points[:, 1], 1 - density], dim=1)
    tangent = vec([[0, -1, 0.1]]).expand(len(points), -1)
    return Sheet(vertices + (normal + vec([0, -0.6, 0.1])) * height[:, None], assets.triangles[grown], tangent, strand)
