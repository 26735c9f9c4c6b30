"""What a stream does beside moving values: names, calls, states. Each is judged where it happens."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from tidegate.inspectors.pickles import arrays, evaluate, states, tensors
from tidegate.inspectors.pickles.limits import MOST_CALL_DEPTH, MOST_GLOBALS, Limits
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.names import Listed, Sink, danger, standing
from tidegate.inspectors.pickles.notes import Notes
from tidegate.inspectors.pickles.shapes import fits, parsed, shape_alone
from tidegate.inspectors.pickles.values import (
    Box,
    Call,
    Global,
    Literal,
    Module,
    Persistent,
    Shape,
    Unknown,
    Value,
    get,
    pairs,
)
from tidegate.inspectors.pickles.words import described, named, with_arguments
from tidegate.model.observation import Evidence, Executes
from tidegate.model.severity import Severity

_MOST_PERSISTENT = 100_000
_CALL_COST, _NAME_COST, _ODD_COST = 2, 40, 12
"""In opcodes, of which so many take about as long. Odd: a call that a sentence is made of."""
_DANGEROUS_STATE = frozenset({
    "__class__", "__setstate__", "__reduce__", "__reduce_ex__", "__getattr__", "__getattribute__",
    "__init__", "__new__", "__call__", "__del__", "__dict__", "__code__", "__globals__",
    "__builtins__", "__subclasshook__",
})  # fmt: skip
_TYPES_OF_CONSTANTS = (type(None), bool, int, float, str, bytes, Literal)


@lru_cache(maxsize=4096)
def _standing(module: str, name: str, policy: frozenset[str]) -> tuple[Listed | Sink | None, Shape | None]:
    """Return what is known of a name, and `Global.shape`."""
    entry = standing(module, name, policy)
    alone = isinstance(entry, Listed) and not evaluate.helps(Global(module, name, 0))
    return entry, shape_alone(entry) if alone and isinstance(entry, Listed) else None


class Actions:
    """Judges the names, calls and states of one stream."""

    def __init__(
        self,
        loader: Loader,
        notes: Notes,
        policy: frozenset[str],
        limits: Limits,
        read: Callable[[int, int], bytes],
    ) -> None:
        """read: returns bytes of what is read, by offset and count."""
        self.loader = loader
        self.notes = notes
        self.policy = policy
        self.limits = limits
        self.read = read
        self.nested: Callable[[Value, str, int], bool] = lambda _value, _callee, _at: False
        """Judges what a constant holds that a call is given: (constant, callee, offset) -> is it one."""
        self.inline: Callable[[int], int] = lambda _at: -1
        """Judges a stream in line at an offset, and returns where it ends, or -1."""
        self.beside: Callable[[int], None] = lambda _at: None
        """Looks at the bytes of an array as a loader does that is not joblib's: as opcodes."""
        self.globals: dict[tuple[str, str], Global] = {}
        self.extensions: dict[int, Value] = {}
        self.storages: list[Value] = []
        """Ids that were handed to `persistent_load`, in order."""
        self.depth = 0

    # Names.

    def name(self, module: str, name: str, at: int, protocol: int, route: str = "") -> Global:
        """Return the global for a name; the same name is the same object, as in a loader."""
        known = self.globals.get((module, name))
        if known is not None:
            return known
        if module.lower() != module and module.lower() in ("os", "posix", "nt", "sys", "builtins"):
            self.notes.tampering("divergence", f"spells a module {named(module)}", offset=at)
        self.limits.opcodes -= _NAME_COST
        entry, shape = _standing(module, name, self.policy)
        found = Global(module, name, at, route, entry, shape=shape)
        if len(self.globals) < MOST_GLOBALS:
            self.globals[module, name] = found
        else:
            self.notes.judgement.complete = False
            self.notes.broken(
                "limit", f"uses more than {MOST_GLOBALS:,} names; the rest were not kept", offset=at
            )
            found.used = True
        self.notes.raise_executes(Executes.ONLY_IF if self.loader.asks_for_storages else Executes.YES)
        if "." in name and protocol < 4 and not route and not isinstance(entry, Listed):
            self.notes.tampering(
                "divergence",
                f"{named(found.path)}: a dotted name, which needs protocol 4, in protocol {protocol}",
                offset=at,
            )
        return found

    def unresolved(self, why: str, at: int) -> Value:
        """Return what stands for a name that cannot be told."""
        self.notes.tampering("unresolved_global", f"on load, imports {why}", offset=at)
        self.notes.judgement.unlisted = True
        self.notes.raise_executes(Executes.YES)
        return Unknown(why)

    def extension(self, code: int, at: int) -> Value:
        """Return what stands in the extension registry: what this stream put there, or unknown."""
        known = self.extensions.get(code)
        if known is not None:
            return known
        self.notes.raise_executes(Executes.YES)
        self.notes.unlisted(
            "extension",
            f"on load, uses extension code {code} of copyreg: what it names is up to the process",
            offset=at,
        )
        return Unknown(f"the object behind extension code {code}")

    # Calls.

    def reduce(self, callee: Value, args: Value, at: int) -> Value:
        """REDUCE: call with a tuple of arguments."""
        # As `call` does, where a listed name is called as it is listed: half the time, 20 times a file.
        if (
            isinstance(callee, Global)
            and callee.shape is not None
            and not callee.changed
            and isinstance(args, Box)
            and fits(callee.shape, args.items)
        ):
            self.limits.opcodes -= _CALL_COST
            callee.used = True
            return Call(callee, tuple(args.items), None, known=True)
        return self.call(callee, self.as_args(args), at)

    def new(self, cls: Value, args: Value, kwargs: Value, at: int) -> Value:
        """NEWOBJ, NEWOBJ_EX: `cls.__new__(cls, *args, **kwargs)`."""
        if kwargs is not None and isinstance(kwargs, Box) and not kwargs.items:
            kwargs = None
        return self.call(cls, self.as_args(args), at, kwargs=kwargs, verb="makes an instance of")

    @staticmethod
    def as_args(args: Value) -> tuple[Value, ...]:
        """Return the items of an argument tuple."""
        if isinstance(args, Box):
            return tuple(args.items)
        return (args,) if isinstance(args, (Unknown, Call)) else ()

    def call(
        self, callee: Value, args: tuple[Value, ...], at: int, *, kwargs: Value = None, verb: str = "runs"
    ) -> Value:
        """Judge a call and return what stands for its result."""
        if self.depth >= MOST_CALL_DEPTH:
            self.notes.tampering("bomb", f"calls within calls, {MOST_CALL_DEPTH} deep", offset=at)
            return Unknown("what a call returns")
        self.depth += 1
        self.limits.opcodes -= _CALL_COST
        try:
            if isinstance(callee, Global):
                return self._call_global(callee, args, at, kwargs, verb)
            if isinstance(callee, Call):
                return self._call_result(callee, args, at, kwargs)
        finally:
            self.depth -= 1
        self.limits.opcodes -= _ODD_COST
        self.notes.raise_executes(Executes.YES)
        if isinstance(callee, (Unknown, Persistent)):
            self.notes.unlisted(
                "unlisted_call",
                f"on load, calls {described(callee)} {with_arguments(args, kwargs)}",
                offset=at,
            )
        else:
            self.notes.broken("broken", f"calls {described(callee)}, which cannot be called", offset=at)
        return Call(callee, args, kwargs)

    def _call_global(
        self, callee: Global, args: tuple[Value, ...], at: int, kwargs: Value, verb: str
    ) -> Value:
        callee.used = True
        entry = callee.entry
        if isinstance(entry, Listed) and not callee.changed:  # nearly every call of a benign file
            result = evaluate.evaluate(self, callee, args, kwargs, at)
            known = self._listed(entry, callee, args, kwargs, at)
            return Call(callee, args, kwargs, known) if result is None else result
        self.limits.opcodes -= _ODD_COST
        sentence = f"on load, {verb} {named(callee.path)} {with_arguments(args, kwargs)}{self._route(callee)}"
        if isinstance(entry, Sink):
            self._sink(entry, callee, args, kwargs, at, sentence)
        result = evaluate.evaluate(self, callee, args, kwargs, at)
        if callee.changed:
            self.notes.tampering("patch", f"{sentence}, after the stream has written into it", offset=at)
            self.notes.judgement.unlisted = True
        elif entry is None and not self._is_harmless(result):
            self._hand_on(args)
            self.notes.unlisted("unlisted_call", f"{sentence}: it is on no list", offset=at)
            self._look_inside(args, callee, at)
        return Call(callee, args, kwargs) if result is None else result

    def _call_result(self, callee: Call, args: tuple[Value, ...], at: int, kwargs: Value) -> Value:
        result = evaluate.apply_result(self, callee, args, kwargs, at)
        if result is not None:
            return result
        self.notes.unlisted(
            "unlisted_call", f"on load, calls {described(callee)} {with_arguments(args, kwargs)}", offset=at
        )
        self._look_inside(args, callee, at)
        return Call(callee, args, kwargs)

    def _sink(
        self, entry: Sink, callee: Global, args: tuple[Value, ...], kwargs: Value, at: int, sentence: str
    ) -> None:
        constant = _holds_text((*args, kwargs))
        through = f", as {entry.name}" if entry.name not in (callee.path, callee.module) else ""
        self._hand_on(args)
        self.notes.add(
            "call",
            Severity.CRITICAL,
            f"{sentence}: it {entry.does}{through}",
            offset=at,
            evidence=Evidence.PAYLOAD if constant else Evidence.SINK,
        )
        self._look_inside(args, callee, at)

    def _listed(self, entry: Listed, callee: Global, args: tuple[Value, ...], kwargs: Value, at: int) -> bool:
        """Tell whether a listed callable is used as its library uses it."""
        if entry.use in ("name", "class"):
            known = danger(callee.module, callee.name)
            if known is not None:
                sentence = f"on load, runs {named(callee.path)} {with_arguments(args, kwargs)}"
                self._sink(known, callee, args, kwargs, at, sentence)
                return False
            self.notes.unlisted(
                "arguments",
                f"on load, calls {named(callee.path)}, which is listed only to be named",
                offset=at,
            )
            return False
        if entry.calls:
            which, what, state = (int(each) for each in entry.calls.split())
            if which < len(args) and what < len(args):
                made = self.call(args[which], self.as_args(args[what]), at)
                if isinstance(made, Call) and state < len(args):
                    self._build_instance(made, args[state], at)
        if entry.loads and not self._look_inside(args, callee, at):
            self.notes.unlisted(
                "nested",
                f"on load, {named(callee.path)} loads a constant that was not looked into",
                offset=at,
            )
        flat = args if kwargs is None else (*args, *_values(kwargs))
        if not fits(parsed(entry.shape), flat):
            self.notes.unlisted(
                "arguments",
                f"on load, runs {named(callee.path)} {with_arguments(args, kwargs)}: not as it is listed",
                offset=at,
            )
            self._look_inside(args, callee, at)
            return False
        if entry.tensor and tensors.goes_beyond(args):
            self.notes.broken("tensor_bounds", "holds a tensor that reaches beyond its storage", offset=at)
        return True

    @staticmethod
    def _is_harmless(result: Value) -> bool:
        """Tell whether an unlisted helper led to a listed name, such as a class within a class."""
        return isinstance(result, Global) and isinstance(result.entry, Listed)

    def _look_inside(self, args: tuple[Value, ...], callee: Value, at: int) -> bool:
        """Look for a pickle within the constants of a call. Tells whether one was judged."""
        name = callee.path if isinstance(callee, Global) else "a call"
        judged = False
        for value in _constants(args):
            judged |= self.nested(value, name, at)
        return judged

    def _hand_on(self, args: tuple[Value, ...]) -> None:
        """Names that go into a call already told of need no sentence of their own."""
        for value in args:
            if isinstance(value, Global) and not isinstance(value.entry, Sink):
                value.used = True

    @staticmethod
    def _route(callee: Global) -> str:
        return f" (reached by {callee.route})" if callee.route else ""

    # Filling and states.

    def fill(self, target: Value, values: list[Value], how: str, at: int) -> None:
        """Put values into a container (APPEND, SETITEM, ADDITEMS); a method call on any but built-ins."""
        if isinstance(target, Box):
            target.add(values)
        elif isinstance(target, Call):
            self._fill_instance(target, how, at)
        elif isinstance(target, (Global, Module)):
            self.patch(target, f"{how}s into", at)
        elif isinstance(target, Persistent):
            self.notes.unlisted(
                "fill", f"on load, {how}s into {described(target)}, by its own methods", offset=at
            )
        elif isinstance(target, _TYPES_OF_CONSTANTS) and not _is_bytearray(target):
            self.notes.broken("broken", f"{how}s into {described(target)}", offset=at)

    def _fill_instance(self, target: Call, how: str, at: int) -> None:
        callee = target.callee
        entry = callee.entry if isinstance(callee, Global) else None
        if target.known and isinstance(entry, Listed) and entry.fill:
            return
        if isinstance(callee, Global) and callee.name == "__dict__":
            self.patch(callee, f"{how}s into", at)
            return
        self.notes.unlisted(
            "fill", f"on load, {how}s into {described(target)}, by its own methods", offset=at
        )

    def patch(self, target: Value, how: str, at: int) -> None:
        """Note that the stream changes something that was there before it: a class, a module."""
        self.notes.tampering("patch", f"on load, {how} {described(target)}, for the whole process", offset=at)
        if isinstance(target, Global):
            target.changed = target.used = True
            for (module, name), each in self.globals.items():
                inner = target.name == "__dict__" and module == target.module
                if inner or f"{module}.{name}".startswith(f"{target.path}."):
                    each.changed = True

    def build(self, target: Value, state: Value, at: int, after: int) -> int | None:
        """BUILD: give an instance its state. Returns where opcodes go on, if not right behind.

        after: offset behind the opcode. -1: raw bytes follow, and how many cannot be told.
        """
        self.limits.opcodes -= _CALL_COST
        if isinstance(target, Call):
            target.state = state
            self._build_instance(target, state, at)
            if arrays.is_wrapper(target):
                self.notes.add(
                    "joblib_array",
                    Severity.INFO,
                    "holds arrays whose bytes stand between the opcodes",
                    offset=at,
                    loader=Loader.JOBLIB.words,
                )
                raw = self._raw_array(target, after)
                self.beside(after)
                return raw
        elif isinstance(target, (Global, Module)):
            self.patch(target, "sets attributes of", at)
        elif isinstance(target, Persistent):
            self.notes.unlisted("state", f"on load, sets the state of {described(target)}", offset=at)
        elif not isinstance(target, Unknown):
            self.notes.broken("broken", f"sets the state of {described(target)}", offset=at)
        return None

    def _build_instance(self, target: Call, state: Value, at: int) -> None:
        keys = [key for key, _ in _state_items(state) if isinstance(key, str) and key in _DANGEROUS_STATE]
        for key in keys[:4]:
            self.notes.tampering("patch", f"on load, sets {key} of {described(target)}", offset=at)
        callee = target.callee
        if target.known:
            entry = callee.entry if isinstance(callee, Global) else None
            if isinstance(entry, Listed) and entry.state:
                self._judge_state(entry.state, target, state, at)
            return
        if isinstance(callee, Global) and callee.entry is None:
            self.notes.unlisted(
                "state",
                f"on load, sets the state of an instance of {named(callee.path)}, by its own __setstate__",
                offset=at,
            )

    def _judge_state(self, rule: str, target: Call, state: Value, at: int) -> None:
        """Judge the state of a listed class that runs, calls or trusts it."""
        what = states.wrong(rule, target, state, self.limits)
        if not what:
            return
        target.known = False
        sentence = f"on load, gives {described(target)} {what}"
        self._look_inside(tuple(state.items) if isinstance(state, Box) else (state,), target.callee, at)
        if rule == "scipy" and isinstance(state, Box) and get(state, "_parse_arg_template") is not None:
            self.notes.add("state", Severity.CRITICAL, sentence, offset=at, evidence=Evidence.PAYLOAD)
        else:
            self.notes.unlisted("state", sentence, offset=at)

    def _raw_array(self, target: Call, after: int) -> int:
        count = arrays.raw_bytes(target)
        if count == -1 or (count is None and self.read(after, 1) == b"\x80"):
            return self.inline(after)
        if count is None:
            return -1
        padding = self.read(after, 1) if arrays.is_aligned(target) else b"\0"
        if not padding:
            return -1
        return after + arrays.is_aligned(target) + padding[0] + count

    # The rest.

    def persistent(self, name: Value, at: int) -> Value:
        """Return what the loader has under a persistent id. Notes one where the loader has none."""
        if len(self.storages) < _MOST_PERSISTENT:
            self.storages.append(name)
        if self.loader.asks_for_storages:
            items = name.items if isinstance(name, Box) and name.items else [name]
            if items[0] == "module" and len(items) > 1 and isinstance(items[1], Global):
                # Old torch: the class itself, with its source for comparison. Source: `_legacy_load`.
                self.notes.add(
                    "persistent_id",
                    Severity.INFO,
                    "on load, torch compares the source of a class with the one in the file",
                    offset=at,
                )
                return items[1]
            if not isinstance(items[0], int) and items[0] != "storage":
                self.notes.tampering("persistent_id", "a persistent id that torch does not know", offset=at)
            return Persistent(name)
        self.notes.raise_executes(Executes.ONLY_IF)
        self.notes.unlisted(
            "persistent_id",
            f"on load, asks the loader for an object by an id ({described(name)}): plain pickle refuses",
            offset=at,
            severity=Severity.LOW,
        )
        return Persistent(name)

    def buffer(self, at: int) -> None:
        """Note that bytes come from beside the stream."""
        self.notes.add(
            "buffer", Severity.INFO, "takes buffers from beside the stream (protocol 5)", offset=at
        )

    def close(self) -> None:
        """Say of the names that nothing was seen to call that they are imported all the same."""
        for found in self.globals.values():
            if found.used:
                continue
            entry = found.entry
            sentence = f"on load, imports {named(found.path)}{self._route(found)} without calling it"
            if isinstance(entry, Sink):
                self.notes.add(
                    "global", Severity.CRITICAL, f"{sentence}: it {entry.does}", offset=found.offset,
                    evidence=Evidence.SINK,
                )  # fmt: skip
            elif entry is None:
                self.notes.unlisted("unlisted_global", f"{sentence}: it is on no list", offset=found.offset)


def _is_bytearray(value: Value) -> bool:
    return isinstance(value, bytes) or (isinstance(value, Literal) and value.kind != "str")


def _values(kwargs: Value) -> tuple[Value, ...]:
    return tuple(value for _, value in pairs(kwargs)) if isinstance(kwargs, Box) else (kwargs,)


def _state_items(state: Value) -> list[tuple[Value, Value]]:
    """Return names and values of a state: a dict, or a pair of dicts where there are slots."""
    if not isinstance(state, Box):
        return []
    if state.kind == "dict":
        return pairs(state)
    if state.kind == "tuple" and len(state.items) == 2:
        return [
            each
            for part in state.items
            if isinstance(part, Box) and part.kind == "dict"
            for each in pairs(part)
        ]
    return []


def _constants(args: tuple[Value, ...]) -> list[Value]:
    """Return the string and bytes constants among arguments, one container deep."""
    flat: list[Value] = []
    for value in args[:16]:
        flat.extend(value.items[:16] if isinstance(value, Box) else [value])
    return [value for value in flat if isinstance(value, (str, bytes, Literal))]


def _holds_text(values: tuple[Value, ...]) -> bool:
    return any(value not in ("", b"") for value in _constants(values))
