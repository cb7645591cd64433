"""Expected pixels are worked out by hand; files are made with Pillow or byte by byte."""

import io
import logging
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from i2s_lightning.data import picture_endings, read_picture
from i2s_lightning.data.decode import decode_picture
from i2s_lightning.errors import ImageError

PATTERN = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[10, 20, 30], [40, 50, 60], [70, 80, 90]]], np.uint8)


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width, height, depth, colour_type, rows, *extra):
    """A PNG file from its parts: an encoder of our own, so that Pillow is only ever on the reading side."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    body = b"".join(chunk(kind, data) for kind, data in extra)
    data = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + body + data + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "kind", ["PNG", "BMP", "TIFF", "PPM", "TGA", "SGI", "GIF", "WEBP", "JPEG2000", "QOI", "PCX", "DDS"]
)
def test_formats(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    pixels = PATTERN[:, :2] if kind == "PCX" else PATTERN  # Pillow 12 mixes up the bytes of an odd width
    np.testing.assert_array_equal(decode_picture(encode(Image.fromarray(pixels), kind, **options), 3), pixels)


def test_result_is_fresh_and_writable(tmp_path):
    Image.fromarray(PATTERN).save(tmp_path / "a.png")
    pixels = read_picture(tmp_path / "a.png", 3)
    pixels[:] = 0
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png", 3), PATTERN)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    # how EXIF 2.32 defines the tag: where the stored row 0 and column 0 lie in the upright picture
    [
        (1, PATTERN),
        (2, PATTERN[:, ::-1]),
        (3, PATTERN[::-1, ::-1]),
        (4, PATTERN[::-1]),
        (5, PATTERN.swapaxes(0, 1)),
        (6, PATTERN.swapaxes(0, 1)[:, ::-1]),
        (7, PATTERN.swapaxes(0, 1)[::-1, ::-1]),
        (8, PATTERN.swapaxes(0, 1)[::-1]),
        (9, PATTERN),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_exif_orientation(orientation, expected, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(Image.fromarray(PATTERN), kind, exif=exif, **options)
    np.testing.assert_array_equal(decode_picture(data, 3), expected)


def test_orientation_applies_to_deep_grey_with_transparency():
    exif = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    rows = [struct.pack(">HHH", 0, 257, 514)]
    data = png(3, 1, 16, 0, rows, (b"tRNS", struct.pack(">H", 257)), (b"eXIf", exif))
    np.testing.assert_array_equal(decode_picture(data, 1)[..., 0], [[0], [255], [2]])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"MM\0*\0\0\0\x08\xff\xff", b"garbage", b"", b"II*\0" + b"\xff" * 40])
def test_damaged_exif_is_no_reason_to_refuse(exif):
    data = png(1, 1, 8, 2, [b"\1\2\3"], (b"eXIf", exif))
    np.testing.assert_array_equal(decode_picture(data, 3), [[[1, 2, 3]]])


def test_alpha_over_background():
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
    data = encode(Image.fromarray(rgba))
    # a = 51/255 = 0.2: 0.2*c + 0.8*b
    np.testing.assert_array_equal(decode_picture(data, 3), [[[200, 100, 0], [255, 255, 255], [244, 224, 204]]])
    np.testing.assert_array_equal(
        decode_picture(data, 3, background=(10, 20, 30)), [[[200, 100, 0], [10, 20, 30], [48, 36, 24]]]
    )


def test_grey_alpha_over_coloured_background():
    data = png(2, 1, 8, 4, [bytes([100, 255, 100, 0])])
    np.testing.assert_array_equal(decode_picture(data, 3, background=(255, 0, 0)), [[[100] * 3, [255, 0, 0]]])
    # luma of pure red is 0.299 * 255 = 76.2
    np.testing.assert_array_equal(decode_picture(data, 1, background=(255, 0, 0)), [[[100], [76]]])


def test_palette_with_transparency():
    palette = (b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    data = png(3, 1, 8, 3, [bytes([0, 1, 2])], palette, (b"tRNS", bytes([255, 0])))
    expected = [[[255, 0, 0], [9, 9, 9], [0, 0, 255]]]
    np.testing.assert_array_equal(decode_picture(data, 3, background=(9, 9, 9)), expected)


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "key", "expected"),
    [
        (8, 2, bytes([1, 2, 3, 4, 5, 6]), struct.pack(">HHH", 4, 5, 6), [[1, 2, 3], [255, 255, 255]]),
        (8, 0, bytes([7, 8]), struct.pack(">H", 8), [[7, 7, 7], [255, 255, 255]]),
        (1, 0, bytes([0b10000000]), struct.pack(">H", 0), [[255, 255, 255], [255, 255, 255]]),
        (1, 0, bytes([0b10000000]), struct.pack(">H", 1), [[255, 255, 255], [0, 0, 0]]),
    ],
)
def test_key_colour_is_transparent(depth, colour_type, row, key, expected):
    np.testing.assert_array_equal(decode_picture(png(2, 1, depth, colour_type, [row], (b"tRNS", key)), 3), [expected])


def test_grey_and_colour():
    grey = png(2, 1, 8, 0, [bytes([0, 77])])
    np.testing.assert_array_equal(decode_picture(grey, 1), [[[0], [77]]])
    np.testing.assert_array_equal(decode_picture(grey, 3), [[[0] * 3, [77] * 3]])
    # 0.299 R + 0.587 G + 0.114 B, rounded; equal channels stay exactly
    colour = png(4, 1, 8, 2, [bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77])])
    np.testing.assert_array_equal(decode_picture(colour, 1)[0, :, 0], [76, 150, 29, 77])


@pytest.mark.parametrize("channels", [0, 2, 4])
def test_other_channel_counts(channels):
    with pytest.raises(ValueError, match=rf"expected 1 \(grey\) or 3 \(RGB\) channels; got {channels}"):
        decode_picture(png(1, 1, 8, 0, [b"\0"]), channels)


RAMP = np.array([[0, 128, 129, 255, 256, 257, 32768, 65406, 65407, 65535]])
RAMP_EIGHT = [[0, 0, 1, 1, 1, 1, 128, 254, 255, 255]]  # v / 257, rounded to nearest


def test_sixteen_bit_grey_is_scaled_not_clipped():
    row = b"".join(struct.pack(">H", v) for v in RAMP[0])
    np.testing.assert_array_equal(decode_picture(png(10, 1, 16, 0, [row]), 1)[..., 0], RAMP_EIGHT)
    np.testing.assert_array_equal(decode_picture(png(10, 1, 16, 0, [row]), 3)[..., 2], RAMP_EIGHT)
    tiff = encode(Image.fromarray(RAMP.astype(np.uint16)), "TIFF")
    np.testing.assert_array_equal(decode_picture(tiff, 1)[..., 0], RAMP_EIGHT)
    pgm = b"P5\n10 1\n65535\n" + row
    np.testing.assert_array_equal(decode_picture(pgm, 1)[..., 0], RAMP_EIGHT)


def test_thirty_two_bit_grey_counts_as_sixteen():
    tiff = encode(Image.fromarray(RAMP.astype(np.int32)), "TIFF")
    np.testing.assert_array_equal(decode_picture(tiff, 1)[..., 0], RAMP_EIGHT)


def test_twelve_bit_tiff():
    # header, then IFD at 8 with width, height, bits, compression, photometric, strip offset, rows, strip bytes
    tags = [(256, 4, 4), (257, 4, 1), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 200), (278, 4, 1), (279, 4, 6)]
    entries = b"".join(struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value) for tag, kind, value in tags)
    body = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    strip = bytes.fromhex("000 800 fff 010".replace(" ", ""))  # 0, 2048, 4095, 16
    np.testing.assert_array_equal(decode_picture(body.ljust(200, b"\0") + strip, 1)[0, :, 0], [0, 128, 255, 1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 0.25, 0.5, 1.0], [0, 64, 128, 255]), ([0.0, 1.5, 100.4, 255.0], [0, 2, 100, 255])],
)
def test_floating_point(values, expected):
    tiff = encode(Image.fromarray(np.array([values], np.float32)), "TIFF")
    np.testing.assert_array_equal(decode_picture(tiff, 1)[0, :, 0], expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[0, 65536]], np.int32), r"expected grey values in 0..65535; got 0..65536. Convert"),
        (np.array([[-1, 5]], np.int32), r"expected grey values in 0..65535; got -1..5"),
        (np.array([[0, 300.0]], np.float32), r"expected floating-point values in 0..1 or 0..255; got 0..300"),
        (np.array([[-0.5, 0.5]], np.float32), r"got -0.5..0.5"),
        (np.array([[0.5, np.nan]], np.float32), r"got nan..nan"),
    ],
)
def test_values_without_agreed_white_are_refused(values, message):
    with pytest.raises(ImageError, match=message):
        decode_picture(encode(Image.fromarray(values), "TIFF"), 1)


def test_sixteen_bit_colour_is_its_high_byte():
    row = struct.pack(">HHH", 0x12FF, 0x0000, 0xFFFF)
    np.testing.assert_array_equal(decode_picture(png(1, 1, 16, 2, [row]), 3), [[[0x12, 0, 0xFF]]])


def test_cmyk_without_profile():
    cmyk = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0]]], np.uint8)
    tiff = encode(Image.fromarray(cmyk, "CMYK"), "TIFF")
    expected = [[[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 0, 0]]]
    np.testing.assert_array_equal(decode_picture(tiff, 3), expected)


def test_cmyk_jpeg_is_not_inverted():
    paper = np.zeros((16, 16, 4), np.uint8)  # no ink: white
    assert decode_picture(encode(Image.fromarray(paper, "CMYK"), "JPEG", quality=100), 3).min() >= 254


def test_one_bit_and_lab():
    tiff = encode(Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1"), "TIFF")
    np.testing.assert_array_equal(decode_picture(tiff, 1)[0, :, 0], [0, 255])
    lab = Image.merge("LAB", [Image.new("L", (1, 1), value) for value in (255, 128, 128)])
    assert np.abs(decode_picture(encode(lab, "TIFF"), 3).astype(int) - 255).max() <= 1


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile():
    """Like sRGB, but what it calls red is green and the other way round."""
    return srgb_profile().replace(b"rXYZ", b"tmp_").replace(b"gXYZ", b"rXYZ").replace(b"tmp_", b"gXYZ")


def tag_profile(space, tags):
    """An ICC version 2 profile from its tags (ICC.1:2001-04, clauses 6.1 to 6.5)."""
    white = struct.pack(">iii", 63190, 65536, 54061)  # D50 in s15Fixed16
    tags = [(b"wtpt", b"XYZ \0\0\0\0" + white), (b"cprt", b"text\0\0\0\0none\0"), *tags]
    table, data, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, body in tags:
        body = body.ljust(-(-len(body) // 4) * 4, b"\0")
        table += name + struct.pack(">II", offset + len(data), len(body))
        data += body
    rest = struct.pack(">I", len(tags)) + table + data
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    pcs = b"Lab " if space == b"CMYK" else b"XYZ "
    head = struct.pack(">I4sI4s4s4s", 128 + len(rest), b"none", 0x02100000, kind, space, pcs)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + rest


def black_only_profile():
    """A CMYK profile whose coloured inks are invisible: white without black ink, black with it, in Lab."""
    identity, matrix = bytes(range(256)), struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = (
        b"mft1\0\0\0\0"
        + bytes([4, 3, 2, 0])
        + matrix
        + identity * 4
        + bytes([255, 128, 128, 0, 128, 128]) * 2**3
        + identity * 3
    )
    return tag_profile(b"CMYK", [(b"A2B0", lut)])


def grey_profile(gamma):
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    return tag_profile(b"GRAY", [(b"kTRC", curve)])


def test_profile_is_converted_to_srgb():
    data = encode(Image.fromarray(PATTERN), icc_profile=swapped_profile())
    swapped = decode_picture(data, 3).astype(int)
    assert np.abs(swapped - PATTERN[..., [1, 0, 2]]).max() <= 1


def test_profile_of_a_picture_with_alpha():
    rgba = np.dstack([PATTERN, np.array([[255, 255, 0], [255, 255, 255]], np.uint8)])
    pixels = decode_picture(encode(Image.fromarray(rgba), icc_profile=swapped_profile()), 3, background=(1, 2, 3))
    expected = PATTERN[..., [1, 0, 2]].astype(int)
    expected[0, 2] = 1, 2, 3  # the background is sRGB and stays
    assert np.abs(pixels - expected).max() <= 1
    assert pixels[0, 2].tolist() == [1, 2, 3]


def test_profile_of_a_palette():
    palette = Image.fromarray(PATTERN).quantize(6)
    pixels = decode_picture(encode(palette, icc_profile=swapped_profile()), 3).astype(int)
    assert np.abs(pixels - PATTERN[..., [1, 0, 2]]).max() <= 1


def test_srgb_profile_changes_nothing():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    data = encode(Image.fromarray(pixels), icc_profile=srgb_profile())
    np.testing.assert_array_equal(decode_picture(data, 3), pixels)


def test_cmyk_profile_is_used():
    inks = np.array([[[0, 0, 0, 0], [255, 255, 0, 0], [0, 0, 0, 128], [0, 0, 0, 255]]], np.uint8)
    data = encode(Image.fromarray(inks, "CMYK"), "TIFF", icc_profile=black_only_profile())
    # half black: L* = 100 * (1 - 128/255) = 49.8; Y = ((49.8+16)/116)^3 = .1826; 255*(1.055*Y^(1/2.4)-.055) = 118.4
    expected = np.array([255, 255, 118, 0])
    assert np.abs(decode_picture(data, 3)[0].astype(int) - expected[:, None]).max() <= 1
    assert np.abs(decode_picture(data, 1)[0, :, 0].astype(int) - expected).max() <= 1


def test_grey_profile_is_used():
    data = encode(Image.fromarray(np.array([[0, 128, 255]], np.uint8)), icc_profile=grey_profile(1.0))
    # linear light 128/255 = .502: sRGB 255*(1.055*.502^(1/2.4)-.055) = 187.9
    assert np.abs(decode_picture(data, 3)[0, :, 0].astype(int) - [0, 188, 255]).max() <= 1
    assert np.abs(decode_picture(data, 1)[0, :, 0].astype(int) - [0, 188, 255]).max() <= 1


@pytest.mark.parametrize("profile", [b"nonsense", srgb_profile()[:200], black_only_profile()])
def test_unusable_profile_is_ignored_with_a_warning(profile, caplog):
    data = encode(Image.fromarray(PATTERN), icc_profile=profile)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(decode_picture(data, 3, name="x/y.png"), PATTERN)
    assert "x/y.png: its colour profile can't be used" in caplog.text


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_an_animation(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert np.unique(decode_picture(data, 3).reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "JPEG2000"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_truncated(kind, part):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encode(Image.fromarray(pixels), kind)
    with pytest.raises(ImageError, match=r"it is damaged or cut short|in a format that Pillow reads"):
        decode_picture(data[: int(len(data) * part)], 3)


def test_random_damage_gives_image_errors_only():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
    refused = 0
    for kind in ("PNG", "JPEG", "TIFF", "GIF", "WEBP"):
        data = encode(Image.fromarray(pixels), kind)
        for _ in range(30):
            damaged = bytearray(data)
            for place in rng.integers(0, len(data), 8):
                damaged[place] = rng.integers(256)
            try:
                assert decode_picture(bytes(damaged), 3).ndim == 3
            except ImageError:
                refused += 1
    assert refused > 30


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"the file is empty \(0 bytes\). Fetch or export it again"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html></html>", r"it is a web page or XML \(a download that went wrong\?\)"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "it is an SVG drawing: export it as PNG"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer.*git lfs pull"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF or video family: export it as PNG or JPEG"),
        (b"%PDF-1.7\n", "it is a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is PostScript"),  # or Pillow starts Ghostscript
        (b"hello world", "begins with b'hello wo': convert it to PNG, or remove it"),
    ],
)
def test_impostors(content, reason, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=f'can\'t read the picture ".*a.png": expected .*{reason}'):
        read_picture(path, 3)


def test_decompression_bomb():
    data = png(30000, 30000, 8, 2, [b""])
    with pytest.raises(ImageError, match=r"expected a picture of reasonable size; .*900000000 pixels.*Scale it down"):
        decode_picture(data, 3)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ImageError, match=r'gone.png": expected a file that can be opened; No such file or directory'):
        read_picture(tmp_path / "gone.png", 3)
    with pytest.raises(ImageError, match=r"Is a directory. Check path and permissions"):
        read_picture(tmp_path, 3)


def test_endings_are_those_that_can_be_decoded():
    assert {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".mpo"} <= picture_endings()
    assert not {".eps", ".ps", ".pdf", ".mpg", ".h5", ".svg", ".txt", ""} & picture_endings()


def test_a_tighter_bound_is_kept_before_anything_is_decoded():
    header = encode(Image.new("RGB", (30, 20)))[:60]  # its pixels are missing: they must not be asked for
    with pytest.raises(ImageError, match=r"at most 0.0005 million pixels; it has 30 x 20\. Scale it down first\."):
        decode_picture(header, 3, most_pixels=500)
    assert decode_picture(encode(Image.new("RGB", (30, 20))), 3, most_pixels=600).shape == (20, 30, 3)
