"""What the renderer reads: one file of 1.7 MB, extracted from CC0 assets (see ``face_assets_cc0.md``)."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from faces.curves import ValueNoise, rotation, vec
from torch import Tensor
from torch.nn import functional as F

ASSET_FILE = Path(__file__).parent / "face_assets_cc0.npz"
_SHAPE_STEP = 2e-4  # blend shapes are stored as multiples of it (0.02 mm)
_HEAD_TILT = 0.36  # of the hair grid's pole: the crown lies behind the top


class Material(IntEnum):
    """What a triangle is made of."""

    BODY, EYE, TEETH, TONGUE, LASH, GLASSES = range(6)


@dataclass(frozen=True)
class FaceAssets:
    """The undeformed head, how it can deform, and where its parts are.

    Units are decimetres; x is the image's right, y up, z towards the camera. *Canonical* positions lie on the
    undeformed head: whatever is painted there follows every change of shape and expression.

    Attributes:
        points: Canonical vertices ``(V, 3)``.
        grid: Canonical scalp points, on a grid of azimuths and angles from the crown, ``(A, T, 3)``.
        shapes: Blend shapes of vertices and grid, ``(K, V + A * T, 3)``: macro, then a positive and a negative shape
            of each dial, then actions.
        triangles: Vertex numbers ``(N, 3)``.
        materials: Of each triangle, ``(N,)``.
        uv: Texture coordinates of each corner, ``(N, 3, 2)``.
        masks: Lips, inside of the mouth, ears, eyelids as textures, ``(1, 4, H, W)``.
        eyes: Vertices of the left and the right eyeball (image right first).
        lashes: Vertices of the eyelashes.
        lash_roots: The skin vertex that each of them grows from.
        ear: Vertices of one ear.
        mouth_corners: Two vertices.
        lip_weight: How much of a lip each vertex is.
        occlusion: Ambient light that reaches each vertex.
        noise: For paint and strands.
        crown: Centre of the hair grid's polar coordinates.
        hairline: Azimuths and angles of the hairline.
        widest: Largest angle of the grid.
        macros: What each macro shape stands for: (ancestry, gender, age, weight), None where it does not matter.
        dial_names: Local features.
        action_names: Facial actions.
    """

    points: Tensor
    grid: Tensor
    shapes: Tensor
    triangles: Tensor
    materials: Tensor
    uv: Tensor
    masks: Tensor
    eyes: tuple[Tensor, Tensor]
    lashes: Tensor
    lash_roots: Tensor
    ear: Tensor
    mouth_corners: Tensor
    lip_weight: Tensor
    occlusion: Tensor
    noise: ValueNoise
    crown: Tensor
    hairline: tuple[Tensor, Tensor]
    widest: float
    macros: list[tuple[str | None, ...]]
    dial_names: list[str]
    action_names: list[str]

    def look_up(self, uv: Tensor) -> Tensor:
        """Sample the masks at ``(N, 2)`` texture coordinates: ``(N, 4)``."""
        at = torch.stack([uv[:, 0] * 2 - 1, 1 - uv[:, 1] * 2], dim=1)[None, None]
        return F.grid_sample(self.masks, at, align_corners=False)[0, :, 0].T

    def polar(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Tell the azimuth from the front and the angle from the crown of canonical points."""
        d = F.normalize(points - self.crown, dim=-1) @ rotation(_HEAD_TILT, 1, 2).T
        return torch.atan2(d[..., 0], d[..., 2]), torch.acos(d[..., 1].clamp(-1, 1))


@lru_cache
def load_assets(path: Path = ASSET_FILE) -> FaceAssets:
    """Read the asset file (in under a second)."""
    with np.load(path) as file:
        z = {name: file[name] for name in file.files}
    whole = {
        name: torch.as_tensor(z[name].astype(np.int64)) for name in ("tri", "mat", "lash", "lash_root", "ear", "corner")
    }
    points = vec(z["canon"])
    azimuths, angles = (int(n) for n in z["size"])
    return FaceAssets(
        points=points,
        grid=vec(z["canon_all"])[len(points) :].reshape(azimuths, angles, 3),
        shapes=vec(z["B"]) * _SHAPE_STEP,
        triangles=whole["tri"],
        materials=whole["mat"],
        uv=vec(z["uv"]),
        masks=vec(z["tex"])[None] / 255,
        eyes=(torch.as_tensor(z["eyeL"]), torch.as_tensor(z["eyeR"])),
        lashes=whole["lash"],
        lash_roots=whole["lash_root"],
        ear=whole["ear"],
        mouth_corners=whole["corner"],
        lip_weight=vec(z["lip_v"]),
        occlusion=vec(z["ao"]),
        noise=ValueNoise(vec(z["noise"])),
        crown=vec(z["c0"]),
        hairline=(vec(z["hx"]), vec(z["hy"])),
        widest=float(z["tmax"]),
        macros=[tuple(x or None for x in macro) for macro in z["macro"].tolist()],
        dial_names=z["local"].tolist(),
        action_names=z["expr_names"].tolist(),
    )
