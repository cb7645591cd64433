"""What the package needs at run time is in its wheel."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_file_that_is_no_module_is_package_data():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["i2s_lightning"]
    package = ROOT / "i2s_lightning"
    files = [p for p in package.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")]
    named = {file for pattern in patterns for file in package.glob(pattern)}
    assert {str(file.relative_to(package)) for file in files if file not in named} == set()
