"""What a checkpoint keeps, and what is left to do when a run begins again."""

import contextlib
import hashlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from i2s_lightning.checkpoints import inflight
from i2s_lightning.checkpoints.atomic import write_json
from i2s_lightning.checkpoints.store import read_shard, read_sound_entries, shards
from i2s_lightning.errors import CheckpointError
from i2s_lightning.ranks import first_decides, gather
from i2s_lightning.tasks.rows import State

if TYPE_CHECKING:
    from i2s_lightning.tasks.embed import Embed

log = logging.getLogger(__name__)


def save(task: "Embed") -> dict[str, Any]:
    """Gather all pictures in flight from all ranks."""
    state = task.rows.state(task.trainer.optimizers[0])
    with torch.no_grad():
        results = {"ws": task.space.to_ws(state["best"])}
    if task.space.name != "w_plus":
        results[task.space.name] = state["best"]
    if task.rows.slots.noise is not None:
        results |= {f"noise_{i:02d}": m for i, m in enumerate(task.rows.slots.noise)}
    state |= {f"result/{name}": value for name, value in results.items()}
    state["picture"] = torch.tensor(task.rows.slots.pictures)
    everywhere = {name: gather(task.trainer, value).flatten(0, 1).cpu() for name, value in state.items()}
    pictures = everywhere.pop("picture").tolist()
    taken = [i for i, picture in enumerate(pictures) if picture >= 0]
    facts = [task.data.pictures[pictures[i]] for i in taken]
    return {
        "version": inflight.VERSION,
        "pictures": [f.name for f in facts],
        "sha256": [f.sha256 for f in facts],
        "tensors": {name: value[taken] for name, value in everywhere.items()},
        "run": task.run,
    }


def split(part: dict[str, Any]) -> dict[str, State]:
    """Give each picture's state by name and contents."""
    keys = [f"{name}\0{sha256}" for name, sha256 in zip(part["pictures"], part["sha256"], strict=True)]
    tensors: dict[str, Tensor] = part["tensors"]
    return {key: {name: value[i] for name, value in tensors.items()} for i, key in enumerate(keys)}


KEPT_IN_RERUN = ("space", "label", "noise", "data")
"""Settings that the results of one folder share even when failed pictures get another chance."""


def check(now: dict[str, Any], then: dict[str, Any], *, rerun: bool = False) -> None:
    """Refuse to go on with other settings than those that the run began with.

    Args:
        now: The run's description.
        then: As it was.
        rerun: Only what all results must share is compared.

    Raises:
        CheckpointError: They differ; says in what.
    """
    differing = differences(then["settings"], now["settings"])
    if rerun:
        differing = {key: pair for key, pair in differing.items() if key.split(".")[0] in KEPT_IN_RERUN}
    if then["generator"]["sha256"] != now["generator"]["sha256"]:
        old, new = (f"{g['file']} ({g['sha256'][:12]})" for g in (then["generator"], now["generator"]))
        differing["generator"] = (old, new)
    if differing:
        lines = "\n".join(f"  {key}: {old!r} -> {new!r}" for key, (old, new) in differing.items())
        raise CheckpointError(
            f"this run folder was begun with other settings:\n{lines}\n"
            "Give the old settings to go on, another --out for a new run, or --restart to set the old results aside"
        )


def claim_folder(out: Path, run: dict[str, Any], *, rerun: bool = False) -> None:
    """Begin a run folder, or make sure that it was begun with the same settings.

    Raises:
        CheckpointError: Its settings differ.
    """
    path = out / "embedding.json"
    begun = _read_description(path) or _description_of_results(out / "latents")
    if begun is not None:
        check(run, begun, rerun=rerun)
    if not path.exists():
        write_json(path, run if begun is None else begun)


def _read_description(path: Path) -> dict[str, Any] | None:
    """Read what a run was begun with; a damaged file is set aside, with a warning."""
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        return {key: found[key] for key in ("settings", "generator")} | found
    except (ValueError, KeyError, TypeError):
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        log.warning("%s is damaged; set aside as %s", path, aside.name)
        return None


def _description_of_results(latents: Path) -> dict[str, Any] | None:
    """Take a run's description from its first intact results, which say it too; None without any."""
    for path in shards(latents):
        with contextlib.suppress(CheckpointError):  # what is damaged is set aside later, when all are read
            return read_shard(path)[1]
    return None


def differences(old: Any, new: Any, key: str = "") -> dict[str, tuple[Any, Any]]:
    """List where two JSON-able values differ, by dotted key."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for name in sorted(old.keys() | new.keys()):
            found |= differences(old.get(name), new.get(name), f"{key}.{name}" if key else name)
        return found
    return {} if old == new else {key: (old, new)}


def waiting(task: "Embed") -> tuple[list[int], dict[int, State]]:
    """Find out which pictures are still to be embedded, and which of them are on their way.

    The store is asked by rank 0 and tells the others: files that were just written may be seen later elsewhere.

    Raises:
        CheckpointError: The processes went on from different checkpoints.
    """
    _agree(task)
    done = first_decides(task.trainer, lambda: _done(task))
    keys = {f"{p.name}\0{p.sha256}": i for i, p in enumerate(task.data.pictures)}
    left = {key: i for key, i in keys.items() if key not in done}
    return list(left.values()), {left[key]: state for key, state in task.parked.items() if key in left}


def _done(task: "Embed") -> set[str]:
    again = {"failed"} if task.rerun == "failed" else set()
    newest = {e.name: e.record for e in read_sound_entries(task.out / "latents")}
    return {f"{name}\0{r['sha256']}" for name, r in newest.items() if r["status"] not in again}


def _agree(task: "Embed") -> None:
    """Make sure that all ranks hold the same pictures in flight: each works out by itself who takes which row."""
    ages = sorted(f"{key}\0{int(state['age'])}" for key, state in task.parked.items())
    mine = hashlib.sha256("\n".join(ages).encode()).digest()
    if len(set(gather(task.trainer, torch.tensor(int.from_bytes(mine[:7], "big"))).tolist())) > 1:
        raise CheckpointError(
            f"the processes found different checkpoints in {task.out}: "
            "it must be one folder for all of them, on a file system that they share"
        )
