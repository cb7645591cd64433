"""From templates to files."""

import base64
import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from i2s_lightning.checkpoints.atomic import replacing

SHARED = Path(__file__).parent / "templates"


class Pages:
    """Pages from the templates of one folder, beside the shared ones.

    Args:
        templates: Folder of templates, style sheets and scripts.
    """

    def __init__(self, templates: Path) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(templates), FileSystemLoader(SHARED)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"file": self._file, "policy": self._policy, "made_by": _made_by()}

    def render(self, template: str, /, **values: Any) -> str:
        """Fill a template in.

        Args:
            template: The file's name.
            **values: What it speaks of.

        Returns:
            The page.

        Raises:
            jinja2.UndefinedError: It speaks of something that was not given.
        """
        return self._environment.get_template(template).render(**values)

    def write(self, path: Path, template: str, /, **values: Any) -> None:
        """Fill a template in and write the page, whole or not at all.

        Args:
            path: The file; its folder is created.
            template: As for :meth:`render`.
            **values: As for :meth:`render`.
        """
        page = self.render(template, **values)
        with replacing(path) as draft:  # file names may hold what is no Unicode: shown as \udcff rather than refused
            draft.write_text(page, encoding="utf-8", errors="backslashreplace")

    def _file(self, name: str) -> Markup:
        """Read a style sheet or script as it is: its braces are not for Jinja."""
        assert self._environment.loader is not None
        text, _, _ = self._environment.loader.get_source(self._environment, name)
        assert "</s" not in text.lower(), f"{name} would end the element that holds it"
        return Markup(text)

    def _policy(self, styles: Iterable[str], scripts: Iterable[str]) -> str:
        """Allow these files and what lies beside the page, and nothing else.

        ``file:`` stands for pages opened from disk, which have no origin; ``'self'`` for those that a server gives.
        """
        return (
            f"default-src 'none'; style-src {self._hashes(styles)}; script-src 'self' file: {self._hashes(scripts)}; "
            "img-src 'self' file: data:; media-src 'self' file: data:; base-uri 'none'; form-action 'none'"
        )

    def _hashes(self, names: Iterable[str]) -> str:
        digests = (hashlib.sha256(self._file(name).encode()).digest() for name in names)
        return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _made_by() -> str:
    return f"i2s_lightning {version('i2s_lightning')}"
