"""From a person to a picture.

Image ``(seed, i)`` is a pure function of the two. The same person with other facial actions differs by the expression
alone: alignment, light and noise stay, so it is the exact picture that a perfect expression transfer would give.
"""

from dataclasses import dataclass

import numpy as np
import torch
from faces.assets import FaceAssets, Material, load_assets
from faces.beard import LAYERED, beard_sheet
from faces.curves import bump, lerp, smooth_step, vec
from faces.draws import Array, Draws
from faces.expressions import PRESETS, action_weights
from faces.hair import CUTS, Wig
from faces.mesh import Camera, Pose, deform, dress, normals, recess
from faces.paint import Painter, Surface
from faces.people import Person, draw_person
from faces.raster import Hits, rasterise
from faces.shade import Lamps
from faces.spectacles import spectacles
from faces.strands import Layer, Strands, shade_strands
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Scene:
    """Everything that has a shape, posed, and the camera.

    Attributes:
        vertices: Of body, eyes, mouth and glasses.
        triangles: Theirs.
        materials: Of triangles.
        uv: Of their corners.
        attributes: Per vertex: normal (3), canonical point (3), occlusion (1), position (3).
        recess: What is added to a vertex's depth.
        strands: The layer of hair.
        eyes: Centres of the eyeballs.
        camera: Where all this is seen from.
    """

    vertices: Tensor
    triangles: Tensor
    materials: Tensor
    uv: Tensor
    attributes: Tensor
    recess: Tensor
    strands: Strands
    eyes: tuple[Tensor, Tensor]
    camera: Camera


def person_of(seed: int, index: int, assets: FaceAssets | None = None) -> Person:
    """Draw the person of one picture of a data set."""
    assets = assets or load_assets()
    return draw_person(Draws(np.random.default_rng([seed, index])), assets.dial_names, assets.action_names)


def preset_actions(name: str, strength: float = 1.0) -> Array:
    """Return the facial actions of a preset, exactly: no resting smile, gaze or twitch."""
    return strength * action_weights(load_assets().action_names, PRESETS[name])


@torch.no_grad()
def render(
    person: Person, size: int = 128, supersampling: int = 3, assets: FaceAssets | None = None
) -> NDArray[np.uint8]:
    """Render a portrait.

    Args:
        person: Who, how, and in what light.
        size: Side of the picture in pixels.
        supersampling: Samples along each side of a pixel.
        assets: The head; None: the shipped one.

    Returns:
        ``(size, size, 3)``, sRGB.
    """
    assets = assets or load_assets()
    scene = build_scene(assets, person)
    side = size * supersampling
    body_triangles = assets.triangles[assets.materials == Material.BODY]
    body = scene.vertices[: len(assets.points)]
    strands = scene.strands
    casters = torch.cat([body, strands.vertices]), torch.cat([body_triangles, strands.triangles + len(body)])
    lamps = Lamps(person, scene.camera.centre, casters)
    picture = _background(person, side)
    xy, depth = scene.camera.screen(scene.vertices) * side, scene.recess - scene.vertices[:, 2]
    hits = rasterise(xy, depth, scene.triangles, side, cull=True)
    picture[hits.pixel] = _shade_body(assets, person, scene, lamps, hits)
    if len(strands.triangles):
        nearest = torch.full((side * side,), 9e9)
        nearest[hits.pixel] = hits.depth
        shade_strands(assets, person, strands, scene.camera, lamps, picture, nearest)
    return _develop(picture, size, supersampling)


def build_scene(assets: FaceAssets, person: Person) -> Scene:
    """Shape, dress, pose and align a person."""
    points, count = assets.points, len(assets.points)
    shaped, _ = deform(assets, person)
    resting, scalp = deform(assets, person, expression=False)
    vertices = dress(assets, person, shaped)
    strands = Strands.grow(_layers(assets, person, vertices, scalp))
    pose, share = Pose.of(person, assets, resting)
    eyes = (resting[assets.eyes[0]].mean(0), resting[assets.eyes[1]].mean(0))
    extra, extra_triangles = torch.zeros(0, 3), torch.zeros(0, 3).long()
    if person.glasses:
        extra, extra_triangles = spectacles(person, eyes, resting[assets.ear].mean(0))
        extra = pose.apply(extra, torch.ones(len(extra)))
    vertices, resting = pose.apply(vertices, share), pose.apply(resting, share)
    strands = strands.turned(pose, float(eyes[0][1]))
    eyes = (resting[assets.eyes[0]].mean(0), resting[assets.eyes[1]].mean(0))
    everything = torch.cat([vertices, extra])
    triangles = torch.cat([assets.triangles, extra_triangles + count])
    occlusion = torch.cat([assets.occlusion, torch.ones(len(extra))])[:, None]
    canonical = torch.cat([points, extra * 0])
    return Scene(
        vertices=everything,
        triangles=triangles,
        materials=torch.cat([assets.materials, torch.full((len(extra_triangles),), int(Material.GLASSES))]),
        uv=torch.cat([assets.uv, torch.zeros(len(extra_triangles), 3, 2)]),
        attributes=torch.cat([normals(everything, triangles), canonical, occlusion, everything], dim=1),
        recess=recess(assets, len(extra)),
        strands=strands,
        eyes=eyes,
        camera=Camera.aligned(eyes, resting[assets.mouth_corners]),
    )


def _layers(assets: FaceAssets, person: Person, vertices: Tensor, scalp: Tensor) -> list[Layer]:
    layers = []
    if CUTS[person.style] is not None:
        sheet = Wig(assets, person, scalp).sheet()
        nowhere = torch.zeros_like(sheet.vertices)
        layers.append(Layer(sheet, normals(sheet.vertices, sheet.triangles), nowhere, is_beard=False))
    if person.beard in LAYERED:
        normal = normals(vertices, assets.triangles)
        layers.append(Layer(beard_sheet(assets, person, vertices, normal), normal, assets.points, is_beard=True))
    return layers


def _background(person: Person, side: int) -> Tensor:
    """Fill a picture, ``(side * side, 3)``, with a gradient, dark towards the corners."""
    axis, grain = torch.linspace(-1, 1, side), person.grain
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    first, second = vec(person.background).clamp(0, 1)
    along = x * float(np.cos(person.background_angle)) + y * float(np.sin(person.background_angle))
    clouds = torch.sin(2.3 * x + 9 * grain) * torch.sin(1.9 * y + 7 * grain)
    share = (0.5 + 0.45 * along + 0.12 * clouds).clamp(0, 1)
    return lerp(first, second, share.reshape(-1, 1)) * (1.05 - 0.25 * (x**2 + y**2)).reshape(-1, 1)


def _shade_body(assets: FaceAssets, person: Person, scene: Scene, lamps: Lamps, hits: Hits) -> Tensor:
    values = hits.interpolate(scene.attributes, scene.triangles)
    normal, canonical, occlusion, points = (
        F.normalize(values[:, :3], dim=1),
        values[:, 3:6],
        values[:, 6],
        values[:, 7:],
    )
    material = scene.materials[hits.triangle]
    masks = assets.look_up((scene.uv[hits.triangle] * hits.weights[..., None]).sum(1))
    surface = Surface(canonical, material, *masks.unbind(1))
    colour, cover, cloth = Painter(assets, person).paint(surface)
    skin = ((material == Material.BODY) | (material == Material.TONGUE)).float() * (1 - cloth)
    wet = (material == Material.EYE) | (material == Material.TEETH)
    lit = lamps.reach(points, 0.05)
    lit = torch.where(wet, 0.5 + 0.5 * lit, lit)
    on_skin = (material == Material.BODY) & (surface.mouth <= 0.5)
    ambient = torch.where(on_skin, occlusion, torch.where(wet, 0.8, 0.62))
    gloss = _gloss(surface, skin * (1 - cover))
    power = 14 + 30 * surface.lips + 20 * (material >= Material.TEETH)
    colour = lamps.shade(colour, normal, ambient=ambient, lit=lit, soft=skin, gloss=gloss, power=power)
    return _moisten_eyes(scene, lamps, material, colour, normal, canonical, points)


def _gloss(surface: Surface, bare: Tensor) -> Tensor:
    """Strength of highlights: the nose, lips, teeth and frames shine."""
    x, y, z = surface.points.unbind(1)
    nose = bump(x, 0, 0.12) * bump(y, 7.2, 0.5) * bump(z, 1.6, 0.5)
    gloss = bare * (0.10 + 0.16 * nose) + 0.14 * surface.lips
    return gloss + 0.2 * (surface.material == Material.TEETH) + 0.4 * (surface.material == Material.GLASSES)


def _moisten_eyes(
    scene: Scene, lamps: Lamps, material: Tensor, colour: Tensor, normal: Tensor, canonical: Tensor, points: Tensor
) -> Tensor:
    """Shade eyeballs under the upper lid and give them a glint."""
    height = points[:, 1] - torch.where(canonical[:, 0] > 0, scene.eyes[0][1], scene.eyes[1][1])
    lid = 0.9 - 0.55 * smooth_step(0.02, 0.13, height)
    towards = F.normalize(lamps.direction * vec([0.7, 0.8, 1]) + vec([0, 0.1, 1.3]), dim=0)
    glint = smooth_step(0.980, 0.994, normal @ towards)
    return torch.where((material == Material.EYE)[:, None], colour * lid[:, None] + 0.95 * glint[:, None], colour)


def _develop(picture: Tensor, size: int, supersampling: int) -> NDArray[np.uint8]:
    """Average samples, apply a filmic curve and encode."""
    image = picture.reshape(size, supersampling, size, supersampling, 3).clamp(0, 4).mean((1, 3))
    image = 1 - torch.exp(-1.05 * image * (1 + 0.25 * image))
    encoded: NDArray[np.uint8] = (image.clamp(0, 1) ** (1 / 2.2) * 255 + 0.5).byte().numpy()
    return encoded
