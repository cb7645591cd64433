"""Read what an offline Weights and Biases run wrote, without a server.

    python scripts/offline_run.py runs/embed_wandb                              # what was logged
    python scripts/offline_run.py runs/embed_wandb --key grid --out grid.png    # the last picture of a key

The format is no public one: blocks of 32 KiB as LevelDB's log has them, each part with its CRC, protobuf inside.
"""

import argparse
import json
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = 32768
HEAD = struct.Struct("<IHB")


class OfflineRun:
    """One session of a run.

    Args:
        folder: ``offline-run-...``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self.path,) = folder.glob("*.wandb")

    def records(self) -> Iterator[Any]:
        """Give the protobuf records in order, each checked."""
        from wandb.proto import wandb_internal_pb2

        data = self.path.read_bytes()
        if data[:4] != b":W&B":
            raise ValueError(f"{self.path} is no file of Weights and Biases")
        position, whole = 7, b""
        while position + HEAD.size <= len(data):
            if BLOCK - position % BLOCK < HEAD.size:  # no header fits into the rest of a block
                position += BLOCK - position % BLOCK
                continue
            crc, length, kind = HEAD.unpack_from(data, position)
            if kind == length == 0:
                return
            position += HEAD.size
            part = data[position : position + length]
            position += length
            if zlib.crc32(part, zlib.crc32(bytes([kind]))) != crc:
                raise ValueError(f"{self.path} is damaged before byte {position}")
            whole += part
            if kind in (1, 4):  # all of a record, or its last part
                record = wandb_internal_pb2.Record()
                record.ParseFromString(whole)
                whole = b""
                yield record

    def of(self, kind: str) -> list[Any]:
        """Give all records of one type: history, config, alert, artifact..."""
        return [getattr(record, kind) for record in self.records() if record.WhichOneof("record_type") == kind]

    def history(self) -> list[dict[str, Any]]:
        """Give the rows that were logged; parts of a picture or table have dotted keys."""
        return [
            {i.key or ".".join(i.nested_key): json.loads(i.value_json) for i in row.item} for row in self.of("history")
        ]

    def config(self) -> dict[str, Any]:
        """Give the run's config as it was in the end."""
        updates = [run.config for run in self.of("run")] + self.of("config")
        return {i.key or ".".join(i.nested_key): json.loads(i.value_json) for u in updates for i in u.update}

    def series(self, key: str) -> list[tuple[int, Any]]:
        """Give the steps and values of one key."""
        return [(row["trainer/global_step"], row[key]) for row in self.history() if key in row]

    def media(self, key: str) -> list[Path]:
        """Give the files of one key's pictures, tables or videos, oldest first."""
        names: list[str] = []
        for row in self.history():
            names += row.get(f"{key}.filenames", []) + [v["path"] for v in row.get(f"{key}.videos", [])]
            names += [row[f"{key}.path"]] if f"{key}.path" in row else []
        return [self.folder / "files" / name for name in names]


def sessions(out: Path) -> list[OfflineRun]:
    """Find the sessions of a run folder, oldest first."""
    return [OfflineRun(folder) for folder in sorted(out.glob("wandb/offline-run-*"))]


def main() -> None:
    """Say what a run logged, or take a picture out of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the run folder of fit")
    parser.add_argument("--key", help="of pictures, a table or a video")
    parser.add_argument("--out", type=Path, help="copy its last file there")
    options = parser.parse_args()
    runs = sessions(options.folder)
    if options.out:
        last = [path for run in runs for path in run.media(options.key)][-1]
        shutil.copy(last, options.out)
        print(f"wrote {options.out}")
        return
    for run in runs:
        history = run.history()
        size = sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
        print(f"{run.folder.name}: {len(history)} rows, {size / 1e6:.1f} MB")
        for key in sorted({key for row in history for key in row if not key.startswith("_")}):
            print(f"  {key:<40} {sum(key in row for row in history)} times")


if __name__ == "__main__":
    main()
