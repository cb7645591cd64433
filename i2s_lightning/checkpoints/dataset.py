"""Pictures and their latents for training: a torch data set."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

if TYPE_CHECKING:
    from i2s_lightning.checkpoints.embedding import Embedding


class LatentDataset(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of image ``(C, H, W)`` and ``ws`` ``(L, D)``, in the order of the embedding's names.

    Latents are read when asked for, so any number of pictures and of ``DataLoader`` workers will do.

    Args:
        embedding: Where the latents are.
        images: Gives a picture by name.
    """

    def __init__(self, embedding: "Embedding", images: Callable[[str], Tensor]) -> None:
        self.embedding, self.images = embedding, images

    def __len__(self) -> int:
        return len(self.embedding)

    def __getitem__(self, index: int) -> tuple[Float[Tensor, "C H W"], Float[Tensor, "L D"]]:
        name = self.embedding.names[index]
        return self.images(name), self.embedding[name]
