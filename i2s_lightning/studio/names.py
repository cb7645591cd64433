"""Names that come from outside, made into names of files."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 40
"""Letters; four bytes each still leave room for endings within the 255 bytes that file systems allow."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def safe_name(text: str, taken: Iterable[str] = ()) -> str:
    """Make a file's name out of any text: letters, digits, ``-`` and ``_``; never a path, a hidden or a taken one.

    Args:
        text: What somebody typed, or what an uploaded file was called, without its ending.
        taken: Names that must not come out, whatever the case of their letters.

    Example:
        >>> safe_name("../../etc/passwd"), safe_name("Zoë & Ana (1)", taken=["zoë_ana_1"]), safe_name("..")
        ('etc_passwd', 'Zoë_Ana_1-2', 'picture')
    """
    letters = unicodedata.normalize("NFC", text)
    words = re.sub(r"[^\w-]+", "_", letters)
    name = re.sub(r"_+", "_", words)[:LONGEST].strip("_-")
    if not name or _RESERVED.match(name):
        name = f"picture_{name}".strip("_")
    known = {other.casefold() for other in taken}
    candidates = (name if number == 1 else f"{name}-{number}" for number in range(1, len(known) + 2))
    return next(candidate for candidate in candidates if candidate.casefold() not in known)
