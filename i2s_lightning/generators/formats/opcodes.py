"""Bytes of a pickle to (operation, argument) pairs; nothing is built here, and nothing is read past the end.

The list holds what files of generators use (Python's pickle protocols 2 to 5). Absent on purpose, because they call or
look up things: ``INST``, ``OBJ``, ``EXT1/2/4``, ``NEWOBJ_EX``, ``PERSID``; and the text operations of protocol 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from i2s_lightning.errors import UnsupportedWeightsError

from .problems import damaged, hostile, truncated

#: More operations than any generator's file has (the largest known: about 60,000), few enough to bound time and memory.
MAX_OPERATIONS = 400_000

_U8, _U16, _U32, _U64 = (Struct(f"<{code}") for code in "BHIQ")
_I32, _F64 = Struct("<i"), Struct(">d")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How an operation's argument is stored: a number, then perhaps that many bytes of data."""

    name: str
    number: Struct | None = None
    data: str = ""


_LAYOUTS = {
    0x80: _Layout("PROTO", _U8),
    0x95: _Layout("FRAME", _U64, "frame"),
    0x2E: _Layout("STOP"),
    0x28: _Layout("MARK"),
    0x30: _Layout("POP"),
    0x31: _Layout("POP_MARK"),
    0x94: _Layout("MEMOIZE"),
    0x71: _Layout("PUT", _U8),
    0x72: _Layout("PUT", _U32),
    0x68: _Layout("GET", _U8),
    0x6A: _Layout("GET", _U32),
    0x4E: _Layout("NONE"),
    0x88: _Layout("TRUE"),
    0x89: _Layout("FALSE"),
    0x4A: _Layout("INT", _I32),
    0x4B: _Layout("INT", _U8),
    0x4D: _Layout("INT", _U16),
    0x8A: _Layout("LONG", _U8, "long"),
    0x47: _Layout("FLOAT", _F64),
    0x58: _Layout("STRING", _U32, "text"),
    0x8C: _Layout("STRING", _U8, "text"),
    0x8D: _Layout("STRING", _U64, "text"),
    0x42: _Layout("BYTES", _U32, "bytes"),
    0x43: _Layout("BYTES", _U8, "bytes"),
    0x8E: _Layout("BYTES", _U64, "bytes"),
    0x5D: _Layout("EMPTY_LIST"),
    0x61: _Layout("APPEND"),
    0x65: _Layout("APPENDS"),
    0x29: _Layout("EMPTY_TUPLE"),
    0x74: _Layout("TUPLE"),
    0x85: _Layout("TUPLE1"),
    0x86: _Layout("TUPLE2"),
    0x87: _Layout("TUPLE3"),
    0x7D: _Layout("EMPTY_DICT"),
    0x73: _Layout("SETITEM"),
    0x75: _Layout("SETITEMS"),
    0x8F: _Layout("EMPTY_SET"),
    0x90: _Layout("ADDITEMS"),
    0x63: _Layout("GLOBAL", None, "lines"),
    0x93: _Layout("STACK_GLOBAL"),
    0x52: _Layout("REDUCE"),
    0x81: _Layout("NEWOBJ"),
    0x62: _Layout("BUILD"),
    0x51: _Layout("BINPERSID"),
}


class Budget:
    """Counts down over a whole file, nested pickles included."""

    def __init__(self, operations: int = MAX_OPERATIONS) -> None:
        self.left = operations


def operations(data: memoryview, start: int, budget: Budget) -> Iterator[tuple[str, object, int]]:
    """Decode one pickle up to its STOP.

    Args:
        data: The file; byte strings come out as views of it, uncopied.
        start: Offset of the pickle.
        budget: Shared by all pickles of a file.

    Yields:
        Each operation's name, its argument, and the offset after it.

    Raises:
        UnsupportedWeightsError: The bytes end early, or hold an operation that no generator file needs.
    """
    position, end = start, len(data)
    while True:
        budget.left -= 1
        layout = _LAYOUTS.get(data[position]) if position < end else None
        if layout is None or budget.left < 0:
            raise _refusal(data, position, budget)
        position += 1
        argument: object = None
        if layout.number is not None:
            if position + layout.number.size > end:
                raise truncated("it ends inside a number")
            (argument,) = layout.number.unpack_from(data, position)
            position += layout.number.size
        if layout.data:
            argument, position = _data(data, position, layout.data, argument)
        yield layout.name, argument, position
        if layout.name == "STOP":
            return


def _refusal(data: memoryview, position: int, budget: Budget) -> UnsupportedWeightsError:
    if position >= len(data):
        return truncated("a pickle ends without its STOP mark")
    if budget.left < 0:
        return UnsupportedWeightsError(
            f"the pickle in the file has more than {MAX_OPERATIONS:,} operations, far more than a generator needs; "
            "it was refused to protect memory. If it is genuine, save its generator alone, as a state dict"
        )
    return hostile(f"has the pickle operation {data[position]:#04x} at offset {position}")


def _data(data: memoryview, position: int, kind: str, length: object) -> tuple[object, int]:
    if kind == "lines":
        return _lines(data, position)
    assert isinstance(length, int)  # every other kind follows a count
    end = position + length
    if end > len(data):
        raise truncated(f"{length:,} bytes are announced, {len(data) - position:,} are left")
    if kind == "frame":  # what it frames is read as it comes
        return length, position
    return _decode(data[position:end], kind), end


def _decode(raw: memoryview, kind: str) -> object:
    if kind == "bytes":
        return raw
    if kind == "long":
        return int.from_bytes(raw, "little", signed=True)
    try:
        return str(raw, "utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise damaged("a text in its pickle is not UTF-8") from error


def _lines(data: memoryview, position: int) -> tuple[tuple[str, str], int]:
    found = []
    for _ in range(2):
        raw = bytes(data[position : position + 256])  # no module or class has a longer name
        line, newline, _rest = raw.partition(b"\n")
        if not newline or not line.isascii():
            raise damaged("a name in its pickle does not end")
        found.append(line.decode("ascii"))
        position += len(line) + 1
    return (found[0], found[1]), position
