"""What a portrait shows, read off its pixels by small networks that learned it from renders."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from faces.assets import load_assets
from faces.people import Person
from faces.portrait import person_of, render
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from i2s_lightning.ops.images import from_uint8

ATTRIBUTES = ("smile", "yaw", "age", "glasses")
"""What directions are looked for."""
OTHERS = ("gender", "skin", "beard", "weight", "pitch", "key", "ground")
"""What they should leave alone: with them, skin tone, brightness of key light and background."""


def truth(person: Person) -> list[float]:
    """Tell the attributes of a portrait as it was made, then the others."""
    names = load_assets().action_names
    smile = np.mean([person.actions[names.index(f"mouthSmile{side}")] for side in ("Left", "Right")])
    sought = (smile, person.pose[0], person.age, person.glasses)
    others = (person.gender, person.skin_tone, person.beard != "none", person.weight, person.pose[1], person.key)
    return [float(value) for value in (*sought, *others, np.mean(person.background))]


def labelled(
    seed: int, count: int, side: int, folder: Path | None
) -> tuple[UInt8[Tensor, "N H W 3"], Float[Tensor, "N A"]]:
    """Give renders with their attributes.

    Args:
        seed: Of the people.
        count: How many, at most, of those that ``folder`` has.
        side: Of the pictures in pixels.
        folder: Renders that ``scripts/render_faces.py --seed SEED`` left; None: make them now.
    """
    if folder is None:
        indices = list(range(count))
        pictures = np.stack([render(person_of(seed, i), side) for i in indices])
    else:
        files = sorted(folder.glob(f"{seed}_*.npz"))
        parts = [np.load(file)["images"] for file in files]
        starts = [int(file.stem.rpartition("_")[2]) for file in files]
        indices = [i for start, part in zip(starts, parts, strict=True) for i in range(start, start + len(part))][
            :count
        ]
        pictures = np.concatenate(parts)[:count]
    return torch.from_numpy(pictures), torch.tensor([truth(person_of(seed, i)) for i in indices])


class Reader(nn.Module):
    """Reads attributes, in standard deviations among renders.

    Args:
        mean: Of each attribute among renders.
        deviation: Of each.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 24), (24, 48), (48, 64), (64, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1)]
        self.net = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(64), nn.LeakyReLU(0.1), nn.Linear(64, len(mean)))

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B A"]:
        """Read attributes of pictures in [-1, 1]."""
        read: Tensor = self.net(image.clamp(-1, 1))
        return read


def train_reader(
    pictures: UInt8[Tensor, "N H W 3"], attributes: Float[Tensor, "N A"], *, epochs: int, seed: int
) -> Reader:
    """Train a reader; it sees every picture as it is and mirrored, with yaw's sign turned.

    Args:
        pictures: Renders.
        attributes: Theirs, the second being yaw.
        epochs: How often it sees them.
        seed: Decides its weights and the order.
    """
    torch.manual_seed(seed)
    reader = Reader(attributes.mean(dim=0), attributes.std(dim=0))
    reader(from_uint8(pictures[:2]))  # makes the lazy layer
    targets = (attributes - reader.mean) / reader.deviation
    steps = epochs * (len(pictures) // 64)
    optimizer = torch.optim.AdamW(reader.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    turned = torch.tensor([-1.0 if name == "yaw" else 1.0 for name in (*ATTRIBUTES, *OTHERS)])
    for _ in range(steps):
        rows = torch.randint(len(pictures), (64,))
        image, target = from_uint8(pictures[rows]), targets[rows]
        if torch.rand(()) < 0.5:
            image, target = image.flip(3), target * turned
        loss = (reader(image) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return reader.eval().requires_grad_(False)


@torch.no_grad()
def read(reader: Reader, images: Sequence[Tensor] | Tensor) -> Float[Tensor, "N A"]:
    """Read many pictures."""
    return torch.cat([reader(chunk) for chunk in torch.split(torch.as_tensor(images), 64)])


@torch.no_grad()
def accuracy(reader: Reader, pictures: Tensor, attributes: Tensor) -> Float[Tensor, " A"]:
    """Tell the share of each attribute's variance that a reader explains, on pictures it has not seen."""
    targets = (attributes - reader.mean) / reader.deviation
    error = (read(reader, from_uint8(pictures)) - targets).square().mean(dim=0)
    return 1 - error / targets.var(dim=0)
