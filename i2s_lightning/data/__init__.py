"""Pictures: finding, checking, reading and fitting them."""

from i2s_lightning.data.decode import picture_endings, read_picture
from i2s_lightning.data.listing import Picture, list_pictures
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.data.scan import BadPicture, CheckedPicture, check_pictures, scan_pictures

__all__ = [
    "BadPicture",
    "CheckedPicture",
    "Picture",
    "Preprocess",
    "check_pictures",
    "list_pictures",
    "picture_endings",
    "read_picture",
    "scan_pictures",
]
