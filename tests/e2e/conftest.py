"""Several processes without several starts: forked from the test, which has imported everything."""

import os
import signal
import socket
import sys
import time
import traceback
import warnings

import pytest


class Forked:
    """A process that runs ``main`` of the command line, or anything else, from where the test is now."""

    def __init__(self, log, work, **environment):
        self.log = log
        self.pid = os.fork()
        if self.pid == 0:
            self._become(work, environment)

    def _become(self, work, environment):
        status = 70
        try:
            os.environ.update(environment)
            warnings.simplefilter("ignore")
            descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
            status = work()
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status or 0)

    def send(self, signum):
        os.kill(self.pid, signum)

    def wait(self, seconds=120):
        """Give the exit status, negative for a signal."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        self.send(signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise TimeoutError(self.text())

    def text(self):
        return self.log.read_text()


@pytest.fixture
def fork(tmp_path):
    """``fork(work)``: one process."""
    logs = iter(range(1000))

    def start(work, **environment):
        return Forked(tmp_path / f"process{next(logs)}.log", work, **environment)

    return start


@pytest.fixture
def torchrun(fork):
    """``torchrun(work, 2)``: processes as torchrun starts them, all at once; ``nodes=2`` as if on two machines."""

    def start(work, count, nodes=1):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        each = count // nodes
        everywhere = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(count)}
        everywhere |= {"LOCAL_WORLD_SIZE": str(each), "TORCHELASTIC_RUN_ID": "test"}
        ranks = [{"RANK": str(i), "GROUP_RANK": str(i // each), "LOCAL_RANK": str(i % each)} for i in range(count)]
        return [fork(work, **everywhere, **rank) for rank in ranks]

    return start
