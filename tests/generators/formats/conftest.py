import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    """Small files written by the official codes, with what those compute."""
    return GOLDEN


@pytest.fixture(scope="session")
def arrays():
    """Read an .npz of the golden data as tensors."""

    def read(name: str) -> dict[str, Tensor]:
        with np.load(GOLDEN / name) as file:
            return {key: torch.from_numpy(file[key]) for key in file}

    return read


@pytest.fixture(scope="session")
def malicious(tmp_path_factory) -> Path:
    """A folder of hostile and broken files; kept packed so that no virus scanner takes offence."""
    folder = tmp_path_factory.mktemp("hostile")
    with tarfile.open(GOLDEN / "malicious.tar.xz") as archive:
        for member in filter(tarfile.TarInfo.isfile, archive):  # extractall wants a filter, which 3.11.2 has not
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None
            path.write_bytes(content.read())
    return folder / "malicious"


@pytest.fixture(scope="session")
def manifest(malicious) -> dict[str, dict]:
    """What is wrong with each of them, and what a loader should do."""
    return {entry["file"]: entry for entry in json.loads((malicious / "manifest.json").read_text())}
