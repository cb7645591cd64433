import pytest
import torch

from i2s_lightning import load_embedding, load_generator
from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.data import Preprocess
from i2s_lightning.edits import Direction

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}${7*7}"


@pytest.fixture(scope="session")
def keep(generator_file, tmp_path_factory):
    """Store pictures as ``fit`` would, without embedding anything, and give the run folder."""

    def keep(noise):
        generator = load_generator(generator_file)
        random = torch.Generator().manual_seed(5)
        results = []
        for i, name in enumerate([*"abcde", HOSTILE]):
            ws = torch.randn(generator.num_ws, generator.w_dim, generator=random)
            drawn = [torch.randn(1, *shape, generator=random) for shape in generator.noise_shapes]
            maps = {f"noise_{k:02d}": noise_map for k, noise_map in enumerate(drawn)}
            record = {"name": name, "status": "done", "psnr": 20.0, "sha256": f"{i:064d}", "file": f"{name}.png"}
            results.append(Result(record, {"ws": ws} | (maps if noise == "fixed" else {})))
        description = {"file": str(generator_file), "sha256": generator.sha256}
        settings = {"space": "w_plus", "noise": noise, "label": None, "data": Preprocess().describe()}
        folder = tmp_path_factory.mktemp("studio")
        write_shard(folder / "latents" / "000.safetensors", results, {"generator": description, "settings": settings})
        return folder

    return keep


@pytest.fixture(scope="session")
def hostile():
    """The name that would do harm."""
    return HOSTILE


@pytest.fixture(scope="session")
def run(keep):
    """A run folder with the pictures a to e, and one whose name would do harm if it were not text."""
    return keep("const")


@pytest.fixture(scope="session", params=["const", "fixed"])
def embedding(request, keep, run):
    """Its pictures, with the generator's noise and with noise of their own."""
    return load_embedding(run if request.param == "const" else keep("fixed"))


@pytest.fixture(scope="session")
def directions():
    """Two directions of the tiny generator."""
    random = torch.Generator().manual_seed(3)
    return {name: Direction(name, torch.randn(6, 16, generator=random)) for name in ("smile", "yaw")}
