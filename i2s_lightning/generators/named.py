"""NVIDIA's public generators by name: where they are, and the file once it has been fetched."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from i2s_lightning.generators.download import download

_NGC = "https://api.ngc.nvidia.com/v2/models/nvidia/research/{0}/versions/1/files/{1}.pkl"
_CDN = "https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks/{0}.pkl"
_LICENCE = "NVIDIA Source Code License: research and evaluation, non-commercial"


@dataclass(frozen=True)
class Named:
    """A generator that can be fetched.

    Attributes:
        url: Its publisher's address.
        resolution: Longer side of its images.
        licence: What its publisher allows.
        sha256: Of the file; None where the publisher names none.
    """

    url: str
    resolution: int
    licence: str = _LICENCE
    sha256: str | None = None


_STYLEGAN2 = {
    "ffhq": 1024,
    "ffhq-512": 512,
    "ffhq-256": 256,
    "ffhqu": 1024,
    "ffhqu-256": 256,
    "metfaces": 1024,
    "metfacesu": 1024,
    "afhqv2": 512,
    "afhqcat": 512,
    "afhqdog": 512,
    "afhqwild": 512,
    "brecahad": 512,
    "cifar10": 32,
    "celebahq-256": 256,
    "lsundog-256": 256,
}
_STYLEGAN3 = {
    "ffhq": 1024,
    "ffhqu": 1024,
    "ffhqu-256": 256,
    "metfaces": 1024,
    "metfacesu": 1024,
    "afhqv2": 512,
}
_LSUN = {"car": 512, "cat": 256, "church": 256, "horse": 256}


def _ngc(model: str, kind: str, name: str, size: int) -> Named:
    return Named(_NGC.format(model, f"{kind}-{name.removesuffix(f'-{size}')}-{size}x{size}"), size)


#: Names for ``generator:``; the StyleGAN2 of a data set has the data set's name alone.
NAMED: dict[str, Named] = {
    **{name: _ngc("stylegan2", "stylegan2", name, size) for name, size in _STYLEGAN2.items()},
    **{f"lsun-{name}": Named(_CDN.format(f"stylegan2-{name}-config-f"), size) for name, size in _LSUN.items()},
    **{
        f"{kind}-{name}": _ngc("stylegan3", kind, name, size)
        for kind in ("stylegan3-t", "stylegan3-r")
        for name, size in _STYLEGAN3.items()
    },
}


def named_file(name: str) -> Path:
    """Return a named generator's file, fetched into the user's cache if it is not there yet.

    Args:
        name: A key of :data:`NAMED`.

    Returns:
        Its path.

    Raises:
        UnsupportedWeightsError: It can't be fetched; the message says which file to put where.
    """
    named = NAMED[name]
    target = cache_folder() / "generators" / named.url.rsplit("/", 1)[1]
    return download(named.url, target, sha256=named.sha256, note=named.licence)


def cache_folder() -> Path:
    """Where downloads are kept: ``$I2S_CACHE``, else ``i2s_lightning`` in the system's place for caches."""
    if own := os.environ.get("I2S_CACHE"):
        return Path(own).expanduser()
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg).expanduser() / "i2s_lightning"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "i2s_lightning" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "i2s_lightning"
    return Path.home() / ".cache" / "i2s_lightning"
