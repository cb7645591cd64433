"""Read a pickle as data: every operation is ours, every name comes from a table, nothing is imported or called.

Python's own unpickler calls what the file names. This one only knows the entries of a :class:`Known` table, which make
stand-ins (:mod:`.stand_ins`); anything else ends the reading with an error. Memory is bounded by the number of
operations and by the file: byte strings stay views of it.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError

from .known import Fillers, Known, Table
from .opcodes import Budget, operations
from .problems import damaged, hostile, shown

PersistentLoad = Callable[[object], object]

_MARK = object()


def read_pickle(
    data: memoryview,
    start: int,
    *,
    table: Table,
    fillers: Fillers,
    budget: Budget,
    persistent: PersistentLoad | None = None,
) -> tuple[Any, int]:
    """Read one pickle.

    Args:
        data: The file.
        start: Offset of the pickle.
        table: Every (module, name) that may occur.
        fillers: Every type that may be filled after it was made.
        budget: Operations that are left for this file.
        persistent: Resolves persistent ids (torch's storages); None refuses them.

    Returns:
        The object and the offset after the pickle.

    Raises:
        UnsupportedWeightsError: The pickle is damaged, or wants something that is not in the table.
    """
    machine = _Machine(table, fillers, persistent)
    end = start
    for name, argument, end in operations(data, start, budget):  # noqa: B007 - the offset after STOP is the result
        if name in _LITERALS:
            machine.stack.append(argument)
        elif name in _CONSTANTS:
            machine.stack.append(_CONSTANTS[name]())
        else:
            _STEPS[name](machine, argument)
    return machine.result(), end


class _Machine:
    """The stack, the memo, and what each operation does to them."""

    def __init__(self, table: Table, fillers: Fillers, persistent: PersistentLoad | None) -> None:
        self.table, self.fillers, self.persistent = table, fillers, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def result(self) -> object:
        if len(self.stack) != 1:
            raise damaged("its pickle ends with loose values")
        return self.pop()

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise damaged("its pickle takes a value from an empty stack")
        return self.stack[-1]

    def pop(self) -> Any:
        self.top()
        return self.stack.pop()

    def target(self, *kinds: type) -> Any:
        if type(self.top()) not in kinds:
            raise damaged(f"its pickle fills {shown(self.top())}, which is no {kinds[0].__name__}")
        return self.top()

    def pop_to_mark(self) -> list[Any]:
        for depth in range(len(self.stack) - 1, -1, -1):
            if self.stack[depth] is _MARK:
                found = self.stack[depth + 1 :]
                del self.stack[depth:]
                return found
        raise damaged("its pickle lacks a mark")

    def skip(self, _: Any) -> None:
        pass

    def mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def drop(self, _: Any) -> None:
        self.pop()

    def drop_to_mark(self, _: Any) -> None:
        self.pop_to_mark()

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.top()

    def put(self, index: int) -> None:
        self.memo[index] = self.top()

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise damaged("its pickle refers to a value that was never made")
        self.stack.append(self.memo[index])

    def append(self, _: Any) -> None:
        value = self.pop()
        self.target(list).append(value)

    def appends(self, _: Any) -> None:
        values = self.pop_to_mark()
        self.target(list).extend(values)

    def tuple_of(self, count: int) -> None:
        values = [self.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(values)))

    def tuple_to_mark(self, _: Any) -> None:
        self.stack.append(tuple(self.pop_to_mark()))

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self.target(dict, OrderedDict)[_key(key)] = value

    def set_items(self, _: Any) -> None:
        values = self.pop_to_mark()
        if len(values) % 2:
            raise damaged("its pickle has a key without a value")
        target = self.target(dict, OrderedDict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            target[_key(key)] = value

    def add_items(self, _: Any) -> None:
        values = self.pop_to_mark()
        self.target(set).update(_key(value) for value in values)

    def look_up(self, pair: Any) -> None:
        known = self.table.get(pair)
        if known is None:
            module, name = (part if len(part) <= 60 else part[:57] + "..." for part in pair)
            raise UnsupportedWeightsError(
                f"the file asks for {module}.{name}, which is none of the things that a generator's weights consist of"
                ". Nothing was imported or run. Only use files from a source that you trust; another tool's checkpoint "
                "can be saved there as a plain state dict: torch.save(model.state_dict(), ...)"
            )
        self.stack.append(known)

    def look_up_stack(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise damaged("its pickle looks up a name that is no text")
        self.look_up((module, name))

    def reduce(self, _: Any) -> None:
        arguments, known = self.pop(), self.pop()
        if type(known) is not Known or known.call is None or type(arguments) is not tuple:
            raise hostile(f"calls {known.name if type(known) is Known else shown(known)}")
        try:
            value = known.call(*arguments)
        except TypeError as error:
            raise hostile(f"calls {known.name} with arguments that it does not take") from error
        self.stack.append(value)

    def new(self, _: Any) -> None:
        arguments, known = self.pop(), self.pop()
        if type(known) is not Known or known.new is None or arguments != ():
            raise hostile(f"creates {known.name if type(known) is Known else shown(known)}")
        self.stack.append(known.new())

    def build(self, _: Any) -> None:
        state, target = self.pop(), self.pop()
        fill = self.fillers.get(type(target))
        if fill is None:
            raise hostile(f"changes {target.name if type(target) is Known else shown(target)}")
        fill(target, state)
        self.stack.append(target)

    def load_persistent(self, _: Any) -> None:
        if self.persistent is None:
            raise hostile("refers to data outside itself")
        self.stack.append(self.persistent(self.pop()))


_CONSTANTS: dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
    "EMPTY_TUPLE": tuple,
}
_LITERALS = frozenset({"INT", "LONG", "FLOAT", "STRING", "BYTES"})
_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.skip,
    "FRAME": _Machine.skip,
    "STOP": _Machine.skip,
    "MARK": _Machine.mark,
    "POP": _Machine.drop,
    "POP_MARK": _Machine.drop_to_mark,
    "MEMOIZE": _Machine.memoize,
    "PUT": _Machine.put,
    "GET": _Machine.get,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "TUPLE": _Machine.tuple_to_mark,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items,
    "GLOBAL": _Machine.look_up,
    "STACK_GLOBAL": _Machine.look_up_stack,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.new,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.load_persistent,
}


def _key(value: object) -> str | int:
    # Only texts and numbers: hashing a tuple that is nested 100,000 deep would overflow the C stack.
    if type(value) is not str and type(value) is not int:
        raise damaged(f"{shown(value)} is the key of a table")
    return value
