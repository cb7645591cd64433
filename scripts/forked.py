"""Runs of the command line in processes of their own, forked from one that has imported everything: a start is free."""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import i2s_lightning.cli  # noqa: F401  # what runs would import otherwise, each by itself
from i2s_lightning.__main__ import main


def begin(
    words: Sequence[str],
    log: Path,
    *,
    before: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start a run.

    Args:
        words: Of the command line.
        log: What it says is appended here.
        before: Called in the new process first.
        environment: Variables of its own.

    Returns:
        The process.
    """
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.environ.update(environment or {})
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            before()
            status = main(list(words))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return pid


def begin_ranks(words: Sequence[str], log: Path, count: int) -> list[int]:
    """Start a run on several processes, as torchrun does; on one as it is."""
    if count == 1:
        return [begin(words, log)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "forked"}
    shared |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "GROUP_RANK": "0"}
    return [
        begin(words, log, environment=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(count)
    ]


def status_of(pid: int) -> int:
    """Wait until a process ends; its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
