"""Which settings, code and networks a run's numbers belong to."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import i2s_lightning


def commit() -> str | None:
    """Name the commit of the checkout that this package runs from, ``-dirty`` if it was changed; None without one."""
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None  # a checkout may be around the environment that we are installed in
    return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def settings(config: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """Bring together what decides a run: the command line's config, hashes and versions.

    Args:
        config: The complete config.
        run: The task's record of the run, as it is stored with every result.
    """
    facts = {key: run[key] for key in ("generator", "perceptual", "versions", "processes")}
    return {**config, **facts, "commit": commit()}


def _git(*words: str) -> str | None:
    folder = Path(i2s_lightning.__file__).parent
    try:
        done = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
