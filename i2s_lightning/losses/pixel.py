"""The pixel term of equation 1."""

from jaxtyping import Float
from torch import Tensor

from i2s_lightning.losses.base import ImageLoss
from i2s_lightning.ops.distances import mean_square_difference


class PixelLoss(ImageLoss):
    """Mean squared error, ``||G(w) - I||^2 / N`` of Abdal et al. 2019, equation 1, at full resolution.

    N counts all values of one image. Pixels lie in [-1, 1], so values are four times those on [0, 1].

    Args:
        weight: The paper's lambda_mse.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__(weight)

    def prepare(self, target: Float[Tensor, "B C H W"]) -> dict[str, Tensor]:
        """Keep the target itself."""
        return {"image": target.detach()}

    def forward(self, image: Float[Tensor, "B C H W"], reference: dict[str, Tensor]) -> Float[Tensor, " B"]:
        """Return the mean squared error per image."""
        return mean_square_difference(image, reference["image"])
