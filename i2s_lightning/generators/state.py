"""What a weight file says, before it becomes a network: the hand-over from file formats to networks."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class GeneratorState:
    """A generator's construction and numbers.

    Attributes:
        family: "stylegan1", "stylegan2" or "stylegan3".
        config: Keyword arguments of the family's class; JSON types only.
        tensors: Every parameter and buffer, under NVlabs' names (StyleGAN1: see ``stylegan1``).
        source: Where it came from and what had to be inferred; JSON types only.
    """

    family: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    source: dict[str, Any] = field(default_factory=dict)
