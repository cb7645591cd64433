import json
import subprocess
import sys

import pytest
import pytorch_lightning as pl

from i2s_lightning.callbacks import heap

PROBE = """
import ctypes, json
import i2s_lightning, i2s_lightning.cli  # what a user's own program would import
from i2s_lightning.callbacks.heap import keep_heap

def mapped():
    '''Whether glibc maps a large block from the system, rather than taking it from the heap.'''
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    block = library.malloc(64 << 20)
    places = [line.split() for line in open("/proc/self/maps")]
    ranges = [tuple(int(end, 16) for end in line[0].split("-")) for line in places if line[-1] == "[heap]"]
    library.free(ctypes.c_void_p(block))
    return not any(low <= block < high for low, high in ranges)

before = mapped()
print(json.dumps([before, keep_heap(), mapped()]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_large_blocks_come_from_the_heap_once_asked_for_and_not_before():
    """In a process of its own: the setting can't be undone."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [True, True, False]


@pytest.mark.parametrize("rank", [0, 1])
def test_every_process_that_trains_keeps_it_and_the_first_says_so(embed, tmp_path, monkeypatch, capsys, rank):
    calls = []
    monkeypatch.setattr(heap, "keep_heap", lambda: calls.append(1) or True)
    trainer = embed.trainer(tmp_path)
    monkeypatch.setattr(type(trainer), "is_global_zero", property(lambda self: rank == 0))
    for stage in ("fit", "validate", "test", "predict"):
        heap.KeepHeap().setup(trainer, pl.LightningModule(), stage)
    assert len(calls) == 1
    assert capsys.readouterr().err.count("--keep_heap false") == (rank == 0)


def test_where_there_is_no_glibc(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: object())
    assert not heap.keep_heap()
