"""The layer of hair over the rest: strands of the head and the beard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from faces.assets import FaceAssets
from faces.curves import lerp, smooth_step, vec
from faces.hair import Sheet
from faces.mesh import Camera, Pose
from faces.people import Person
from faces.raster import Hits, interpolate, rasterise
from faces.shade import Lamps
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Layer:
    """One sheet of hair with what shading needs: normals, canonical points, and whether it is a beard."""

    sheet: Sheet
    normal: Tensor
    canonical: Tensor
    is_beard: bool


@dataclass(frozen=True)
class Strands:
    """All layers in one mesh; the vectors are unit length.

    Attributes:
        strand: Place across, along, and share of the strand.
        canonical: Where a beard's vertex lies; 0 for hair of the head.
        is_beard: 1 or 0 per vertex.
    """

    vertices: Tensor
    triangles: Tensor
    normal: Tensor
    tangent: Tensor
    strand: Tensor
    canonical: Tensor
    is_beard: Tensor

    @classmethod
    def grow(cls, layers: Sequence[Layer]) -> "Strands":
        """Join layers."""
        none = torch.zeros(0, 3)
        counts = [0]
        for layer in layers:
            counts.append(counts[-1] + len(layer.sheet.vertices))
        triangles = [layer.sheet.triangles + first for layer, first in zip(layers, counts, strict=False)]
        return cls(
            torch.cat([none, *(layer.sheet.vertices for layer in layers)]),
            torch.cat([none.long(), *triangles]),
            torch.cat([none, *(layer.normal for layer in layers)]),
            torch.cat([none, *(layer.sheet.tangent for layer in layers)]),
            torch.cat([none, *(layer.sheet.strand for layer in layers)]),
            torch.cat([none, *(layer.canonical for layer in layers)]),
            torch.cat([none[:, :1], *(torch.full((len(x.normal), 1), float(x.is_beard)) for x in layers)]),
        )

    def turned(self, pose: Pose, eye_height: float) -> "Strands":
        """Turn with the head; what hangs below the shoulders turns less."""
        share = 0.35 + 0.65 * smooth_step(-2.2, -0.9, self.vertices[:, 1] - eye_height)
        vertices = pose.apply(self.vertices, share)
        return replace(self, vertices=vertices, normal=self.normal @ pose.turn.T, tangent=self.tangent @ pose.turn.T)


def shade_strands(
    assets: FaceAssets,
    person: Person,
    strands: Strands,
    camera: Camera,
    lamps: Lamps,
    picture: Tensor,
    nearest: Tensor,
) -> None:
    """Paint the hair over ``picture`` (pixels in rows), in place, where it is not behind ``nearest`` depths."""
    side = round(len(picture) ** 0.5)
    hits = _visible(assets, person, strands, camera, side)
    hits = hits.where(hits.depth < nearest[hits.pixel] + 0.015)
    beard = hits.interpolate(strands.is_beard, strands.triangles)[:, 0]
    colour = _colour(assets, person, strands, lamps, hits, beard)
    opacity = torch.where(beard > 0.5, 0.9, 1.0)[:, None]
    picture[hits.pixel] = lerp(picture[hits.pixel], colour, opacity)


def _visible(assets: FaceAssets, person: Person, strands: Strands, camera: Camera, side: int) -> Hits:
    """Cut strand tips and thin beard by noise before the depth test."""
    edge = torch.cat([strands.strand, strands.canonical[:, :2], strands.is_beard], dim=1)
    tip = 0.985 if person.style == "afro" else 0.965

    def keep(triangle: Tensor, weights: Tensor) -> Tensor:
        across, along, share, x, y, beard = interpolate(edge, strands.triangles[triangle], weights).unbind(1)
        thin = share + 0.15 * assets.noise(x * 2.5, y * 0.8) < 0.62
        inside = share + 0.03 * assets.noise(across * 8, along * 0.02 + person.grain) < tip
        return torch.where(beard > 0.5, thin, inside)

    xy = camera.screen(strands.vertices) * side
    return rasterise(xy, -strands.vertices[:, 2], strands.triangles, side, cull=False, keep=keep)


def _colour(assets: FaceAssets, person: Person, strands: Strands, lamps: Lamps, hits: Hits, beard: Tensor) -> Tensor:
    """Diffuse strands and a highlight along them (Kajiya and Kay 1989)."""
    afro, shine = person.style == "afro", float(person.hair[5])
    normal = F.normalize(hits.interpolate(strands.normal, strands.triangles), dim=1)
    tangent = F.normalize(hits.interpolate(strands.tangent, strands.triangles), dim=1)
    across, along = hits.interpolate(strands.strand, strands.triangles)[:, :2].unbind(1)
    points = hits.interpolate(strands.vertices, strands.triangles)
    normal = torch.where(normal[:, 2:] < 0, normal * vec([1, 1, -1]), normal)
    fibre = _fibres(assets, person, across, along, points, beard)
    normal = F.normalize(normal + vec([0.25, 0.1, 0]) * fibre[:, None] * 0.5, dim=1)
    tangent = F.normalize(tangent + normal * (0.1 * fibre)[:, None], dim=1)
    lit = lamps.reach(points, 0.07)
    own = vec(person.hair_colour)
    ambient = lerp(0.55 + 0.45 * smooth_step(0.0, 0.5, along), torch.tensor(0.8), beard)
    paint = own * (1 + 0.3 * fibre).clamp(0.25, 2)[:, None]
    colour = lamps.shade(paint, normal, ambient=ambient, lit=lit, soft=0.3, gloss=0.0, power=10.0)
    gloss = (1 - (tangent @ lamps.half) ** 2).clamp(min=0) ** 60 * (0.10 + 0.35 * shine)
    gloss = gloss * (normal @ lamps.direction).clamp(min=0) * lit * (1 + 0.4 * fibre).clamp(min=0)
    gloss = gloss * (0.35 if afro else 1.0)
    return colour + gloss[:, None] * lerp(own, torch.ones(3) * 0.5, 0.35)


def _fibres(assets: FaceAssets, person: Person, across: Tensor, along: Tensor, points: Tensor, beard: Tensor) -> Tensor:
    """Light and dark along strands; blotches in an afro."""
    curl, clump = float(person.hair[3]), float(person.hair[4])
    frequency, wobble = 3 + 3 * clump, 0.02 * curl * torch.sin(along * 9 + 40 * across)
    grain = person.grain
    fibre = assets.noise(across * frequency * 0.5 + wobble, along * 0.05 + grain) * 0.6
    fibre = fibre + assets.noise(across * frequency + wobble, along * 0.09) * 0.5
    if person.style != "afro":
        return fibre
    return lerp(assets.noise(points[:, 0] * 0.6, points[:, 1] * 0.6 + grain), fibre, beard) * 0.8
