"""Which layers belong together."""

from collections.abc import Sequence


def layer_groups(layer_resolutions: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Divide layers into coarse, middle and fine ones (Karras et al. 2019, section 3.1).

    At 128 px and up: 4 and 8 px, 16 and 32 px, 64 px and up. Below, each of the three gets fewer resolutions, so that
    none is empty while there are three.

    Args:
        layer_resolutions: The generator's, one a layer.

    Returns:
        Indices by name: ``coarse``, ``middle``, ``fine``; empty ones where there are fewer than three resolutions.

    Example:
        >>> layer_groups((4, 8, 8, 16, 16, 32, 32, 64, 64, 64))
        {'coarse': (0,), 'middle': (1, 2, 3, 4), 'fine': (5, 6, 7, 8, 9)}
    """
    octaves = sorted({resolution.bit_length() for resolution in layer_resolutions})
    coarse = max(1, min(2, len(octaves) // 3))
    middle = coarse + max(1, min(2, (len(octaves) - coarse) // 2))
    parts = {"coarse": octaves[:coarse], "middle": octaves[coarse:middle], "fine": octaves[middle:]}
    return {
        name: tuple(i for i, resolution in enumerate(layer_resolutions) if resolution.bit_length() in part)
        for name, part in parts.items()
    }
