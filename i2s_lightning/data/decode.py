"""From a picture file to 8-bit sRGB (or grey) pixels; every choice that Pillow leaves open is made here.

=================  ====================================================================================================
in the file        what is done
=================  ====================================================================================================
EXIF orientation   applied
transparency       laid over ``background`` (alpha channels, transparent palette entries and key colours alike)
colour profile     converted to sRGB; a profile that changes no colour by more than 2 levels counts as sRGB and is not
                   applied, so such pixels stay exactly as stored; an unusable one is ignored with a warning in the log
CMYK               through its profile; without one by Pillow's plain formula
grey <-> RGB       grey is repeated; RGB becomes ITU-R 601 luma
16 bit grey        65535 (4095 in a 12-bit TIFF) becomes 255; Pillow itself brings 16-bit colour to its high byte
32 bit whole       taken as 16 bit; refused if any value is outside 0..65535, as no white level is agreed upon
floating point     0..1 if no value is above 1, else 0..255; refused outside that
animation, pages   the first
damaged, cut off   refused, as is what Pillow calls a decompression bomb (more than 179 million pixels)
=================  ====================================================================================================
"""

import functools
import io
import logging
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageFile, UnidentifiedImageError

from i2s_lightning.data.colour import to_srgb
from i2s_lightning.errors import ImageError

logger = logging.getLogger(__name__)

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)

_ORIENTATION = 0x0112  # the EXIF tag
_BITS_PER_SAMPLE = 258  # the TIFF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_IMPOSTORS = (  # how files begin that often lie where a picture should be
    (b"version https://git-lfs", "a Git LFS pointer: fetch the picture itself with `git lfs pull`"),
    (b"<svg", "an SVG drawing: export it as PNG"),
    (b"<", "a web page or XML (a download that went wrong?): fetch the picture again"),
    (b"%!PS", "PostScript: export it as PNG"),
    (b"%PDF", "a PDF: export the page as PNG"),
)


@functools.cache
def _formats() -> tuple[str, ...]:
    """The formats that Pillow can turn into pixels on its own.

    Left out: stubs without a decoder; MPEG, likewise; EPS, as Pillow runs Ghostscript on it, and a folder
    of pictures from anywhere must not start programs.
    """
    Image.init()
    openers = {name: opener for name, (opener, _) in Image.OPEN.items() if name not in {"EPS", "MPEG"}}
    stub = ImageFile.StubImageFile
    return tuple(
        sorted(n for n, opener in openers.items() if not (isinstance(opener, type) and issubclass(opener, stub)))
    )


@functools.cache
def picture_endings() -> frozenset[str]:
    """Return the file endings, lower case with the dot, that :func:`read_picture` knows.

    Example:
        >>> sorted({".jpg", ".PNG", ".txt", ".eps", ".webp"} & picture_endings())
        ['.jpg', '.webp']
    """
    readable = {*_formats(), "MPO"}  # MPO (a JPEG with more pictures) is opened as JPEG
    return frozenset(ending for ending, name in Image.registered_extensions().items() if name in readable)


def read_picture(path: str | Path, channels: int, *, background: Color = WHITE) -> UInt8[np.ndarray, "H W C"]:
    """Read a picture file as 8-bit sRGB or grey pixels, upright and opaque; the module's table has the rules.

    Args:
        path: The file.
        channels: 3 for RGB, 1 for grey.
        background: RGB, 0..255, for what is transparent.

    Returns:
        ``(H, W, channels)``, a fresh array.

    Raises:
        ImageError: The file is not there, not a picture, damaged, or too large.
    """
    try:
        return decode_picture(read_bytes(path), channels, name=str(path), background=background)
    except ImageError as error:
        raise ImageError(f'can\'t read the picture "{path}": {error}') from error


def read_bytes(path: str | Path) -> bytes:
    """Read a file whole.

    Raises:
        ImageError: It can't be opened; the message is the reason alone.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ImageError(
            f"expected a file that can be opened; {error.strerror}. Check path and permissions."
        ) from error


def decode_picture(
    data: bytes,
    channels: int,
    *,
    name: str = "picture",
    background: Color = WHITE,
    most_pixels: int | None = None,
) -> UInt8[np.ndarray, "H W C"]:
    """Do what :func:`read_picture` does, from the file's bytes.

    Args:
        data: The content of a picture file.
        channels: 3 for RGB, 1 for grey.
        name: What the log calls the picture.
        background: RGB, 0..255, for what is transparent.
        most_pixels: Larger pictures are refused before they take memory; None: Pillow's own limit alone.

    Returns:
        ``(H, W, channels)``, a fresh array.

    Raises:
        ImageError: The message is the reason alone, without the name.
    """
    if channels not in (1, 3):
        raise ValueError(
            f"expected 1 (grey) or 3 (RGB) channels; got {channels}. Pictures with others aren't supported."
        )
    image = _open(data, most_pixels)
    try:
        orientation, profile = _orientation(image, name), image.info.get("icc_profile")
        opaque, alpha = _split_alpha(_eight_bits(image))
        srgb = to_srgb(opaque, profile, name)
        if alpha is not None:
            srgb = Image.composite(srgb.convert("RGB"), Image.new("RGB", srgb.size, background), alpha)
        if orientation in _UPRIGHT:
            srgb = srgb.transpose(_UPRIGHT[orientation])
        pixels = np.array(srgb.convert("L" if channels == 1 else "RGB"))
    except (OSError, ValueError, MemoryError) as error:
        raise error if isinstance(error, ImageError) else ImageError(_damaged(error)) from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _open(data: bytes, most_pixels: int | None) -> Image.Image:
    """Decode the first frame completely."""
    if not data:
        raise ImageError("expected a picture; the file is empty (0 bytes). Fetch or export it again.")
    try:
        image = Image.open(io.BytesIO(data), formats=_formats())
        _refuse_large(image, most_pixels)
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"expected a picture of reasonable size; {error}. Scale it down first.") from error
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(f"expected a picture in a format that Pillow reads; it {_impostor(data)}.") from error
    except Exception as error:  # decoders let almost anything escape on damaged input: SyntaxError, struct.error, ...
        raise ImageError(_damaged(error)) from error
    return image


def _refuse_large(image: Image.Image, most_pixels: int | None) -> None:
    if most_pixels is not None and image.width * image.height > most_pixels:
        raise ImageError(
            f"expected a picture of at most {most_pixels / 1e6:g} million pixels; it has {image.width} x "
            f"{image.height}. Scale it down first."
        )


def _damaged(error: Exception) -> str:
    detail = str(error) or type(error).__name__
    return f"expected a whole picture; it is damaged or cut short ({detail}). Fetch or export it again."


def _impostor(data: bytes) -> str:
    """Say what a file that is no picture seems to be, and what to do."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[4:8] == b"ftyp":
        return "is in a format of the HEIF or video family: export it as PNG or JPEG"
    is_svg = start.startswith(b"<?xml") and b"<svg" in start
    known = next((what for magic, what in _IMPOSTORS if (b"<svg" if is_svg else start).startswith(magic)), None)
    return f"is {known}" if known else f"begins with {data[:8]!r}: convert it to PNG, or remove it"


def _orientation(image: Image.Image, name: str) -> int:
    """Read the EXIF orientation; after loading, as Pillow turns TIFF itself then and removes the tag."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception as error:  # metadata is no reason to refuse a picture, and damaged EXIF raises all sorts
        logger.warning("%s: its EXIF data can't be read (%s); taken as upright", name, error)
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale deeper grey pictures to 8 bits; others pass."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image)
    white = _white_level(image, float(values.min()), float(values.max()))
    grey = Image.fromarray(np.rint(values.astype(np.float32) * np.float32(255 / white)).astype(np.uint8))
    key = image.info.get("transparency")
    if isinstance(key, int):
        grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return grey


def _white_level(image: Image.Image, low: float, high: float) -> float:
    """The value that stands for white."""
    if image.mode == "F":
        white, expected = (1.0 if high <= 1 else 255.0), "floating-point values in 0..1 or 0..255"
    else:
        bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))[0]
        white, expected = (4095.0 if bits == 12 else 65535.0), "grey values in 0..65535"
    if not (low >= 0 and high <= white):  # also when NaN
        raise ImageError(f"expected {expected}; got {low:g}..{high:g}. Convert it to 8 or 16 bits.")
    return white


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Separate colour from opacity, whichever way the file states it."""
    if not image.has_transparency_data:
        return image, None
    grey = image.mode in ("1", "L", "LA", "La")
    full = image.convert("LA" if grey else "RGBA")
    return full.convert("L" if grey else "RGB"), full.getchannel("A")
