"""Where the face is in an aligned portrait."""

from jaxtyping import Float
from torch import Tensor


def face_region(image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 h w"]:
    """Cut out brows to chin; the renders are aligned."""
    height, width = image.shape[2:]
    rows, columns = slice(round(0.36 * height), round(0.9 * height)), slice(round(0.25 * width), round(0.78 * width))
    return image[:, :, rows, columns]
