"""The head's shape: blend shapes, clothes, pose, glasses, and the camera that looks at it."""

from dataclasses import dataclass

import numpy as np
import torch
from faces.assets import FaceAssets, Material
from faces.curves import bump, lerp, rotation, smooth_step, vec
from faces.people import Person
from torch import Tensor
from torch.nn import functional as F

_DISTANCE = 16.0  # of the camera
_CROP = 1.22  # times FFHQ's, so that the whole head shows


def normals(vertices: Tensor, triangles: Tensor) -> Tensor:
    """Return unit normals of vertices, averaged over their triangles by area."""
    total = torch.zeros_like(vertices)
    a, b, c = vertices[triangles].unbind(1)
    of_triangle = torch.linalg.cross(b - a, c - a)
    for corner in range(3):
        total.index_add_(0, triangles[:, corner], of_triangle)
    return F.normalize(total, dim=1)


def deform(assets: FaceAssets, person: Person, *, expression: bool = True) -> tuple[Tensor, Tensor]:
    """Shape the head.

    Args:
        assets: The head.
        person: Whose.
        expression: Whether facial actions take part.

    Returns:
        Vertices ``(V, 3)`` and the scalp grid ``(A, T, 3)``.
    """
    everything = torch.cat([assets.points, assets.grid.reshape(-1, 3)])
    everything = everything + torch.tensordot(_coefficients(assets, person, expression), assets.shapes, 1)
    count = len(assets.points)
    return everything[:count], everything[count:].reshape(assets.grid.shape)


def _coefficients(assets: FaceAssets, person: Person, expression: bool) -> Tensor:
    """Weights of all blend shapes: products of phenotype weights, signed dials, facial actions."""
    gender = {"male": person.gender, "female": 1 - person.gender}
    age = _hats(person.age * 3 - 1, ("child", "young", "old"))
    weight = _hats(person.weight * 2, ("minweight", "averageweight", "maxweight"))
    ancestry = dict(zip(("african", "asian", "caucasian"), person.ancestry, strict=True))
    macros = [gender[g] * age[a] * (ancestry[r] if r else weight[w]) for r, g, a, w in assets.macros]  # type: ignore[index]
    dials = np.stack([person.dials, -person.dials], axis=1).clip(0).ravel()
    return vec(np.concatenate([macros, dials, person.actions * expression]))


def _hats(x: float, names: tuple[str, ...]) -> dict[str, float]:
    return {name: max(0.0, 1 - abs(x - i)) for i, name in enumerate(names)}


def neckline(person: Person, points: Tensor) -> Tensor:
    """Tell how far canonical points lie above the clothes' edge."""
    kind, depth, _ = person.cloth.tolist()
    threshold = 6.10 if kind > 0.88 else 5.83 + 0.15 * depth
    x, y, z = points.unbind(1)
    height = y + 0.3 * z - 0.5 * smooth_step(0.5, 0.8, x.abs())
    height = height + 0.55 * depth * (kind < 0.4) * bump(x, 0, 0.26) * smooth_step(0.2, 0.6, z)
    above: Tensor = height - threshold + (z > 1.0)
    return above


@dataclass(frozen=True)
class Camera:
    """Maps points to the picture, 0..1, y down: FFHQ's rule on eyes and mouth without expression."""

    centre: Tensor
    middle: Tensor
    frame: Tensor

    @classmethod
    def aligned(cls, eyes: tuple[Tensor, Tensor], mouth: Tensor) -> "Camera":
        """Look at a face whose eye centres and mouth corners (``(2, 3)``) are given."""
        centre = (eyes[0] + eyes[1]) / 2
        left, right, lips = (_project(p, centre) for p in (eyes[1], eyes[0], mouth.mean(0)))
        middle, across = (left + right) / 2, right - left
        down = lips - middle
        axis = F.normalize(across - torch.stack([down[1], -down[0]]), dim=0)
        half = _CROP * max(2 * float(across.norm()), 1.8 * float(down.norm()))
        frame = torch.stack([axis, -torch.stack([-axis[1], axis[0]])], dim=1) / half
        return cls(centre, middle - 0.04 * down, frame)

    def screen(self, points: Tensor) -> Tensor:
        """Return positions in the picture."""
        return ((_project(points, self.centre) - self.middle) @ self.frame + 1) / 2


def _project(points: Tensor, centre: Tensor) -> Tensor:
    return (points[..., :2] - centre[:2]) * (_DISTANCE / (_DISTANCE - points[..., 2:] + centre[2]))


@dataclass(frozen=True)
class Pose:
    """Turns the head on its neck."""

    pivot: Tensor
    turn: Tensor

    @classmethod
    def of(cls, person: Person, assets: FaceAssets, resting: Tensor) -> tuple["Pose", Tensor]:
        """Return the pose, and how much of it each vertex takes part in."""
        share = smooth_step(5.85, 6.55, assets.points[:, 1] + 0.45 * assets.points[:, 2])
        yaw, pitch, roll = person.pose.tolist()
        turn = rotation(-yaw, 0, 2) @ rotation(-pitch, 2, 1) @ rotation(roll, 0, 1)
        return cls(resting[(share > 0.3) & (share < 0.7)].mean(0), turn), share

    def apply(self, points: Tensor, share: Tensor) -> Tensor:
        """Turn points, each by its share."""
        return lerp(points, (points - self.pivot) @ self.turn.T + self.pivot, share[:, None])


def dress(assets: FaceAssets, person: Person, vertices: Tensor) -> Tensor:
    """Place the eyelashes and push the body out where clothes cover it."""
    vertices = vertices.clone()
    reach = 0.12 + 0.42 * person.liner
    vertices[assets.lashes] = lerp(vertices[assets.lash_roots], vertices[assets.lashes], reach)
    covered = smooth_step(0.04, -0.04, neckline(person, assets.points))
    return vertices + normals(vertices, assets.triangles) * (0.04 * covered)[:, None]


def recess(assets: FaceAssets, extra: int) -> Tensor:
    """Return what to add to depths so that teeth and tongue don't poke through the lips."""
    behind = torch.zeros(len(assets.points) + extra)
    inside = (assets.materials == Material.TEETH) | (assets.materials == Material.TONGUE)
    behind[torch.unique(assets.triangles[inside])] = 0.04
    return behind
