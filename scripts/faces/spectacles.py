"""Glasses: two rims, a bridge and two temples as thin tubes."""

import math

import torch
from faces.curves import lerp, vec
from faces.people import Person
from torch import Tensor
from torch.nn import functional as F

_SIDES = 6  # of a tube


def spectacles(person: Person, eyes: tuple[Tensor, Tensor], ear: Tensor) -> tuple[Tensor, Tensor]:
    """Build glasses around two eye centres and an ear.

    Returns:
        Vertices and triangles.
    """
    vertices: list[Tensor] = []
    triangles: list[Tensor] = []
    count = 0
    for path in _paths(person, eyes, ear):
        vertices.append(_tube(path, 0.016 + 0.016 * float(person.frame[3])))
        triangles += _tube_triangles(count, len(path))
        count += len(path) * _SIDES
    return torch.cat(vertices), torch.cat(triangles)


def _paths(person: Person, eyes: tuple[Tensor, Tensor], ear: Tensor) -> list[Tensor]:
    width, height, roundness, _ = person.frame.tolist()
    rx, ry, power = 0.235 + 0.05 * width, 0.17 + 0.09 * height, 0.55 + 0.45 * roundness
    front = max(float(eye[2]) for eye in eyes) + 0.30
    around, along, across = torch.linspace(0, 2 * math.pi, 37), torch.linspace(0, 1, 8), torch.linspace(-1, 1, 9)

    def bend(x: Tensor) -> Tensor:
        return front - 0.35 * (x.abs() - 0.1).clamp(min=0) ** 2

    def rounded(x: Tensor) -> Tensor:
        bent: Tensor = x.sign() * x.abs() ** power
        return bent

    paths = []
    for eye, sign in zip(eyes, (1, -1), strict=True):
        x = eye[0] + sign * 0.02 + rounded(around.cos()) * rx
        paths.append(torch.stack([x, eye[1] - 0.03 + rounded(around.sin()) * ry, bend(x)], dim=1))
        hinge = eye[0] + sign * (0.02 + rx)
        x, z = lerp(hinge, sign * (ear[0] - 0.06), along), lerp(bend(hinge), ear[2] - 0.1, along)
        paths.append(torch.stack([x, eye[1] + 0.04 + 0.02 * along, z], dim=1))
    x = across * (eyes[0][0] + 0.02 - rx)
    paths.append(torch.stack([x, eyes[0][1] + 0.05 - 0.05 * across * across, front + 0.02 + 0 * across], dim=1))
    return paths


def _tube(path: Tensor, radius: float) -> Tensor:
    along = F.normalize(torch.cat([path[1:] - path[:-1], path[-1:] - path[-2:-1]]), dim=1)
    a = F.normalize(torch.linalg.cross(along, vec([[0.01, 0.1, 1]]).expand_as(along)), dim=1)
    b = torch.linalg.cross(along, a)
    turn = torch.arange(_SIDES) * math.pi / 3
    ring = turn.cos()[:, None] * a[:, None] + turn.sin()[:, None] * b[:, None]
    points: Tensor = path[:, None] + radius * ring
    return points.reshape(-1, 3)


def _tube_triangles(first: int, length: int) -> list[Tensor]:
    k = torch.arange(_SIDES)
    i = first + torch.arange(length - 1)[:, None] * _SIDES
    near, next_ = (i + k).reshape(-1), (i + (k + 1) % _SIDES).reshape(-1)
    far, far_next = near + _SIDES, next_ + _SIDES
    return [torch.stack([near, next_, far], dim=1), torch.stack([next_, far_next, far], dim=1)]
