"""Hair on the head: a combed sheet on the scalp grid, whose columns are strands from the crown outwards."""

import math
from dataclasses import dataclass

import torch
from faces.assets import FaceAssets
from faces.curves import bump, lerp, piecewise, smooth_step, vec
from faces.people import Person
from torch import Tensor
from torch.nn import functional as F

_ROWS = 44  # points of a strand


@dataclass(frozen=True)
class Cut:
    """A hair style: thickness on top, in front and at the sides, whether it hangs, and by how much."""

    top: float
    front: float
    side: float
    hangs: bool = False
    length: float = 0.0
    more: float = 0.0


CUTS: dict[str, Cut | None] = {
    "bald": None,
    "buzz": None,
    "short": Cut(0.10, 0.10, 0.05),
    "quiff": Cut(0.14, 0.22, 0.05),
    "sidepart": Cut(0.15, 0.16, 0.07),
    "afro": Cut(0.36, 0.30, 0.34),
    "bob": Cut(0.14, 0.12, 0.18, True, 0.55, 0.5),
    "long": Cut(0.13, 0.10, 0.16, True, 1.3, 1.3),
    "fringe": Cut(0.14, 0.10, 0.17, True, 0.6, 1.7),
    "bun": Cut(0.06, 0.05, 0.04),
}


@dataclass(frozen=True)
class Sheet:
    """A layer of hair: vertices, triangles, and for each vertex a tangent, place across, along and share of strand."""

    vertices: Tensor
    triangles: Tensor
    tangent: Tensor
    strand: Tensor


def hairline(assets: FaceAssets, person: Person, azimuth: Tensor) -> Tensor:
    """Tell the crown angle at which hair ends over the absolute azimuth; men may recede at the temples."""
    recedes = 0.22 * float(person.hair[2]) * (person.gender > 0.5)
    return piecewise(azimuth, *assets.hairline) - recedes * bump(azimuth, 0.5, 0.3)


class Wig:
    """Builds one person's hair.

    Args:
        assets: The head.
        person: Whose; the style must not be bald or buzz.
        scalp: The person's scalp grid.
    """

    def __init__(self, assets: FaceAssets, person: Person, scalp: Tensor) -> None:
        cut = CUTS[person.style]
        assert cut is not None
        self.assets, self.person, self.scalp, self.cut = assets, person, scalp, cut
        self.length, self.volume, self.receding, self.curl, self.clump, _, self.part, self.seed = person.hair.tolist()
        self.azimuth = torch.linspace(-math.pi, math.pi, len(scalp))
        absolute = self.azimuth.abs()
        self.front = 1 - smooth_step(0.45, 0.95, absolute)
        self.back = smooth_step(1.7, 2.5, absolute)
        ears = smooth_step(0.8, 1.05, absolute) * (1 - 0.3 * smooth_step(1.6, 2.2, absolute))
        self.side = torch.maximum(ears, self.back)
        self.hanging = (cut.length + cut.more * self.length) * self.side * cut.hangs
        self.ends = self._ends(absolute)

    def sheet(self) -> Sheet:
        """Build the combed sheet, with a bun where the style has one."""
        share = torch.linspace(0, 1, _ROWS)[None]
        along = share * (self.ends + self.hanging)[:, None]
        angle = torch.minimum(along, self.ends[:, None])
        drop = along - angle
        position = self._on_scalp(angle)
        outwards = F.normalize(position - self.scalp.mean((0, 1)), dim=-1)
        level = F.normalize(outwards * vec([1, 0, 1]), dim=-1)
        height = self._height(angle, along, share)
        fall = smooth_step(0, 0.2, drop)
        position = position + outwards * (height * (1 - fall))[..., None]
        position = position + level * (height * fall + drop * (0.08 - 0.07 * drop))[..., None]
        position = position - vec([0, 1, 0.1]) * drop[..., None]
        beyond = 2 * position[:, -1:] - position[:, -2:-1]
        tangent = F.normalize(torch.diff(position, dim=1, append=beyond) + 1e-6, dim=-1)
        sway = 0.1 if self.cut.hangs or self.person.style == "sidepart" else 0.03
        across = self.azimuth[:, None] / (2 * math.pi) + (self.part - 0.5) * sway * along
        strand = torch.stack([across, along, share.expand_as(along)], dim=-1)
        triangles = _quads(len(self.azimuth), _ROWS)
        sheet = Sheet(position.reshape(-1, 3), triangles, tangent.reshape(-1, 3), strand.reshape(-1, 3))
        return self._with_bun(sheet) if self.person.style == "bun" else sheet

    def _ends(self, absolute: Tensor) -> Tensor:
        """Crown angle at which strands leave the skull."""
        ends = hairline(self.assets, self.person, absolute) + 0.02
        side = 1 if self.part > 0.5 else -1
        if self.person.style == "fringe":
            ends = ends + (0.22 + 0.08 * self.length) * (1 - smooth_step(0.55, 0.85, absolute))
        elif self.cut.hangs:
            lock = 0.2 * self.clump * (self.clump > 0.5)
            ends = ends + 0.34 * self.receding * bump(absolute, 0.55, 0.22)
            ends = ends + lock * bump(self.azimuth, -side * 0.3, 0.3)
        elif self.person.style == "sidepart":
            ends = ends - 0.08 * bump(self.azimuth, 0.5 * side, 0.25)
            ends = ends + (0.1 + 0.15 * self.clump) * bump(self.azimuth, -0.25 * side, 0.35)
        near_ears = lerp(ends, 1.5 + 0.2 * self.back, smooth_step(0, 0.3, self.hanging))
        return torch.where(self.hanging > 0, near_ears, ends)

    def _on_scalp(self, angle: Tensor) -> Tensor:
        rows = self.scalp.shape[1]
        at = (angle - 0.02).clamp(min=0) / (self.assets.widest - 0.02) * (rows - 1)
        i = at.long().clamp(max=rows - 2)
        column = torch.arange(len(angle))[:, None]
        return lerp(self.scalp[column, i], self.scalp[column, i + 1], (at - i)[..., None])

    def _height(self, angle: Tensor, along: Tensor, share: Tensor) -> Tensor:
        """How far the sheet stands off the skull."""
        afro = self.person.style == "afro"
        scale = 0.7 + 0.7 * self.volume
        top, front, side = self.cut.top * scale, self.cut.front * scale, self.cut.side * scale
        forward = self.front[:, None] * smooth_step(0.5, 1.2, angle)
        sideways = self.side[:, None] * smooth_step(0.7, 1.4, angle)
        height = top + (front - top) * forward + (side - top) * sideways * (1 - forward)
        if self.cut.hangs:  # lie close to the cheeks in front
            near = 0.12 + 0.88 * smooth_step(0.82, 1.35, self.azimuth.abs()[:, None])
            height = height * lerp(torch.ones(()), near, smooth_step(0.9, 1.4, angle))
        ending = (1 - share ** (10 if afro else 6)).clamp(min=0).sqrt()  # close on the skin at the hairline
        height = height * lerp(ending, torch.ones(()), (self.hanging[:, None] > 0.05).float())
        slow, waves = self._waves(along)
        amount = 0.015 + 0.02 * self.clump + (0.05 if afro else 0.02) * self.curl
        wavy = amount * waves * smooth_step(0, 0.3, along) * (height / 0.15).clamp(0, 1)
        standing: Tensor = height * (1 + 0.12 * slow) + wavy
        return standing

    def _waves(self, along: Tensor) -> tuple[Tensor, Tensor]:
        azimuth = self.azimuth[:, None]
        slow = self.assets.noise(azimuth / (4 * math.pi) + self.seed, along * 0.05 + self.clump)
        waves = torch.sin(azimuth * 9 + 3 * slow + 9 * self.seed + 3 * along) * 0.6
        bends = azimuth * 4 + 2 * torch.sin(azimuth * 3)
        return slow, waves + torch.sin(along * (7 + 6 * self.curl) + bends) * (0.3 + self.curl)

    def _with_bun(self, sheet: Sheet) -> Sheet:
        """Add a ball of hair on the crown."""
        grids = torch.linspace(-math.pi, math.pi, 28), torch.linspace(0, math.pi, 20)
        u, v = torch.meshgrid(*grids, indexing="ij")
        ball = torch.stack([u.sin() * v.sin(), v.cos(), u.cos() * v.sin()], dim=-1)
        ball = ball * (0.26 + 0.12 * self.volume) * (1 + 0.04 * self.assets.noise(u / 6.28, v * 0.3)[..., None])
        centre = self.scalp[:, 0].mean(0) + vec([0, 0.12 + 0.1 * self.volume, -0.28 + 0.5 * self.length])
        tangent = F.normalize(torch.stack([u.cos(), 0 * u + 0.3, -u.sin()], dim=-1), dim=-1)
        strand = torch.stack([v * 0.3 + u * 0.02, 0.3 * u, 0 * u], dim=-1)
        return Sheet(
            torch.cat([sheet.vertices, (centre + ball).reshape(-1, 3)]),
            torch.cat([sheet.triangles, _quads(28, 20) + len(sheet.vertices)]),
            torch.cat([sheet.tangent, tangent.reshape(-1, 3)]),
            torch.cat([sheet.strand, strand.reshape(-1, 3)]),
        )


def _quads(columns: int, rows: int) -> Tensor:
    i = (torch.arange(columns - 1)[:, None] * rows + torch.arange(rows - 1)[None]).reshape(-1)
    first = torch.stack([i, i + 1, i + rows], dim=1)
    return torch.cat([first, torch.stack([i + 1, i + rows + 1, i + rows], dim=1)])
