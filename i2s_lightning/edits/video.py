"""MP4 through PyAV, which is an extra: it brings a copy of FFmpeg."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.edits.options import Number
from i2s_lightning.errors import ConfigError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

REQUIREMENT = "av>=14,<19"


@contextmanager
def mp4(path: Path, fps: Number) -> Iterator[Callable[[Pixels], None]]:
    """Encode frames as they come (H.264, 4:2:0, which every player knows); memory does not grow with their number.

    Args:
        path: The file; it appears when the block ends well.
        fps: Frames a second.

    Yields:
        A function that takes one frame ``(H, W, C)`` uint8. An odd side is made even by repeating its last pixels,
        because 4:2:0 has one colour for 2 x 2 pixels.

    Raises:
        ConfigError: PyAV is not installed.
    """
    av = _library()
    with replacing(path) as draft, av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as file:
        stream: VideoStream | None = None

        def add(pixels: Pixels) -> None:
            nonlocal stream
            height, width = pixels.shape[:2]
            even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            if stream is None:
                stream = _stream(file, even.shape[1], even.shape[0], fps)
            colour = np.ascontiguousarray(np.broadcast_to(even, (*even.shape[:2], 3)))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(colour, format="rgb24")))

        yield add
        if stream is not None:
            file.mux(stream.encode())


def _stream(file: Any, width: int, height: int, fps: Number) -> "VideoStream":
    rate = Fraction(fps).limit_denominator(1001)
    stream: VideoStream = file.add_stream("libx264", rate=rate, options={"crf": "16"})
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    return stream


def _library() -> Any:
    try:
        import av
    except ImportError as error:
        raise ConfigError(
            f'writing .mp4 needs PyAV, which is not installed: pip install "{REQUIREMENT}"; '
            "or give --out the ending .gif or .webp, or a folder"
        ) from error
    return av
