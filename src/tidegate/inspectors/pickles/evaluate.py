"""What helpers return that only hand on: `getattr`, `operator`, `functools`, decoders.

With them a stream reaches a name without an opcode for it, or hides a second stream. Their results are
worked out on descriptions; nothing is run but decoding of constants, up to `DECODED_BYTES`.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import zlib
from _compat_pickle import IMPORT_MAPPING
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from tidegate.inspectors.pickles.limits import DECODED_BYTES
from tidegate.inspectors.pickles.names import Listed, standing
from tidegate.inspectors.pickles.values import Box, Call, Global, Literal, Module, Unknown, Value, get

if TYPE_CHECKING:
    from tidegate.inspectors.pickles.actions import Actions

_MOST_CALLS = 16
"""Items of an iterable for which a call by `map` or `reduce` is looked at."""
_Args: TypeAlias = tuple[Value, ...]
_Helper: TypeAlias = "Callable[[Actions, _Args, Value, int], Value]"


def evaluate(actions: Actions, callee: Global, args: _Args, kwargs: Value, at: int) -> Value:
    """Return what a helper returns; `None`: it is none, or nothing can be told."""
    helper = _helper(callee.module, callee.name)
    return helper(actions, args, kwargs, at) if helper is not None else None


def helps(callee: Global) -> bool:
    """Tell whether what a callable returns is worked out from its arguments."""
    return _helper(callee.module, callee.name) is not None


def apply_result(actions: Actions, callee: Call, args: _Args, kwargs: Value, at: int) -> Value:
    """Return what calling the result of a helper returns: `attrgetter("system")(os)`."""
    maker = callee.callee
    if not isinstance(maker, Global):
        return None
    applied = _RESULTS.get(_path(maker.module, maker.name))
    return applied(actions, callee, args, kwargs, at) if applied is not None else None


@lru_cache(maxsize=4096)
def _helper(module: str, name: str) -> _Helper | None:
    return _HELPERS.get(_path(module, name))


def _path(module: str, name: str) -> str:
    module = IMPORT_MAPPING.get(module, module)
    return f"{_ALIASES.get(module, module)}.{name}"


_ALIASES = {"_operator": "operator", "_functools": "functools", "_importlib": "importlib"}


def attribute(actions: Actions, target: Value, name: Value, at: int, route: str) -> Value:
    """Return `target.name`, where `name` may have dots."""
    if not isinstance(name, str):
        return Unknown("an attribute whose name is made while loading")
    if isinstance(target, Module):
        return actions.name(target.name, name, at, 4, route)
    if isinstance(target, Global):
        target.used = True
        return actions.name(target.module, f"{target.name}.{name}", at, 4, route)
    if isinstance(target, Call) and target.known and isinstance(target.callee, Global):
        # A method that an object holds of itself, where that is listed.
        module, method = target.callee.module, f"{target.callee.name}.{name}"
        if isinstance(standing(module, method), Listed):
            return actions.name(module, method, at, 4, route)
    return Unknown(f"the attribute {name[:80]} of an object")


def item(actions: Actions, target: Value, key: Value, at: int, route: str) -> Value:
    """Return `target[key]`."""
    if isinstance(target, Box):
        if target.kind == "dict":
            return get(target, key)
        if isinstance(key, int) and -len(target.items) <= key < len(target.items) and not target.more:
            return target.items[key]
    if isinstance(target, Global) and isinstance(key, str):
        last = target.name.rpartition(".")[2]
        if last == "modules":
            return Module(key)
        if last in ("__dict__", "__globals__"):
            return actions.name(target.module, key, at, 4, route)
        if last == "__builtins__":
            return actions.name("builtins", key, at, 4, route)
    return Unknown("an item of an object")


def _getattr(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    return attribute(actions, args[0], args[1], at, "getattr") if len(args) >= 2 else None


def _import(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    del actions
    return Module(args[0]) if args and isinstance(args[0], str) else Unknown("a module")


def _import_top(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    """`__import__("a.b")` returns `a`, unless names are asked of it."""
    del actions
    if not args or not isinstance(args[0], str):
        return Unknown("a module")
    asks = len(args) > 3 and isinstance(args[3], Box) and bool(args[3].items)
    return Module(args[0] if asks else args[0].partition(".")[0])


def _resolve_name(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if not args or not isinstance(args[0], str):
        return Unknown("an object found by a name that is made while loading")
    module, colon, name = args[0].partition(":")
    if not colon:
        module, _, name = args[0].rpartition(".")
    return actions.name(module, name, at, 4, "its name in a string") if module and name else Module(args[0])


def _getitem(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    return item(actions, args[0], args[1], at, "operator.getitem") if len(args) == 2 else None


def _call_first(actions: Actions, args: _Args, kwargs: Value, at: int) -> Value:
    return actions.call(args[0], args[1:], at, kwargs=kwargs) if args else None


def _apply(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    return actions.call(args[0], actions.as_args(args[1]), at) if len(args) >= 2 else None


def _map(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if len(args) < 2:
        return None
    columns = [_items(each) for each in args[1:]]
    results: list[Value] = [actions.call(args[0], row, at) for row in zip(*columns, strict=False)]
    return Box("list", results)


def _starmap(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if len(args) < 2:
        return None
    return Box("list", [actions.call(args[0], actions.as_args(each), at) for each in _items(args[1])])


def _reduce(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if len(args) < 2:
        return None
    items = list(_items(args[1]))
    if len(args) > 2:
        items.insert(0, args[2])
    value = items[0]
    for each in items[1:]:
        value = actions.call(args[0], (value, each), at)
    return value


def _with_key(actions: Actions, args: _Args, kwargs: Value, at: int) -> Value:
    """`sorted`, `min`, `max`: they call their `key`."""
    key = get(kwargs, "key")
    if key is not None and args:
        for each in _items(args[0]):
            actions.call(key, (each,), at)
    return None


def _items(value: Value) -> list[Value]:
    """Return the first items of an iterable, one unknown where they cannot be told."""
    if (
        isinstance(value, Call)
        and isinstance(value.callee, Global)
        and value.callee.name == "iter"
        and value.args
    ):
        value = value.args[0]
    if isinstance(value, Box) and value.items:
        return value.items[:_MOST_CALLS] if value.kind != "dict" else value.items[:_MOST_CALLS:2]
    return [Unknown("an item of an object")]


def _same(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    del actions
    return args[0] if args and isinstance(args[0], (Box, Call)) else None


def _first(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    del actions
    return _items(args[0])[0] if args else None


def _setattr(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if args and isinstance(args[0], (Global, Module)):
        actions.patch(args[0], "sets attributes of", at)
    return Unknown("None")


def _setitem(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if args and isinstance(args[0], (Global, Module)):
        actions.patch(args[0], "writes into", at)
    return Unknown("None")


def _add_extension(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    if len(args) == 3 and isinstance(args[0], str) and isinstance(args[1], str) and isinstance(args[2], int):
        actions.extensions[args[2]] = actions.name(args[0], args[1], at, 4, "copyreg.add_extension")
    return Unknown("None")


def _reconstructor(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    """`copyreg._reconstructor(cls, base, state)` makes an instance as NEWOBJ does, by the base."""
    if not args:
        return None
    if len(args) > 2 and not (isinstance(args[1], Global) and args[1].name == "object"):
        actions.call(args[1], args[2:3], at, verb="makes an instance by")
    return actions.call(args[0], (), at, verb="makes an instance of")


def _ufunc(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    """`_ufunc_reconstruct(module, name)` returns whatever has that name there, a ufunc or not."""
    if len(args) == 2 and isinstance(args[0], str) and isinstance(args[1], str):
        return actions.name(args[0], args[1], at, 4, "_ufunc_reconstruct")
    return None


def _newobj(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    return actions.new(args[0], Box("tuple", list(args[1:])), None, at) if args else None


def _newobj_ex(actions: Actions, args: _Args, _kwargs: Value, at: int) -> Value:
    return actions.new(args[0], args[1], args[2], at) if len(args) == 3 else None


# Constants that are decoded.


def _decoder(decode: Callable[[bytes], bytes]) -> _Helper:
    def helper(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
        plain = constant_bytes(actions, args[0]) if args else None
        if plain is None:
            return None
        try:
            return decode(plain)[:DECODED_BYTES]
        except (ValueError, zlib.error):
            return None

    return helper


def constant_bytes(actions: Actions, value: Value) -> bytes | None:
    """Return a constant's bytes up to `DECODED_BYTES`; `None`: it is no constant, or longer."""
    if isinstance(value, Literal):
        return actions.read(value.start, value.size_bytes) if value.size_bytes <= DECODED_BYTES else None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else None


def _codec(actions: Actions, args: _Args, kwargs: Value, at: int) -> Value:
    """`codecs.decode`, `codecs.encode` with a codec that unpacks, or latin1 as pickle writes bytes."""
    name = args[1] if len(args) > 1 else get(kwargs, "encoding")
    if not isinstance(name, str):
        return None
    codec = name.lower().replace("_", "").replace("-", "")
    if codec in ("latin1", "iso88591") and args and isinstance(args[0], str):
        return args[0].encode("latin-1", "replace")
    if codec == "rot13" and args and isinstance(args[0], str):
        return codecs.decode(args[0][:DECODED_BYTES], "rot13")
    decode = _CODECS.get(codec)
    return _decoder(decode)(actions, args, kwargs, at) if decode is not None else None


def _inflate(packed: bytes, wbits: int) -> bytes:
    return zlib.decompressobj(wbits).decompress(packed, DECODED_BYTES)


_CODECS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "hex": binascii.unhexlify,
    "hexcodec": binascii.unhexlify,
    "base64": base64.b64decode,
    "base64codec": base64.b64decode,
    "zlib": lambda packed: _inflate(packed, 15),
    "zip": lambda packed: _inflate(packed, 15),
    "zlibcodec": lambda packed: _inflate(packed, 15),
}


def _bytes(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    """`bytes`, `bytearray`: of numbers, or of a string."""
    del actions
    if not args:
        return b""
    first = args[0]
    if isinstance(first, Box) and not first.more:
        numbers = [each for each in first.items if type(each) is int and 0 <= each < 256]
        return (bytes(numbers)) if len(numbers) == len(first.items) else None
    if isinstance(first, str):
        return first.encode("latin-1", "replace")
    return first if isinstance(first, (bytes, Literal)) else None


def _add(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    del actions
    if len(args) != 2:
        return None
    first, second = args
    if isinstance(first, str) and isinstance(second, str):
        return (first + second)[:DECODED_BYTES]
    if isinstance(first, bytes) and isinstance(second, bytes):
        return (first + second)[:DECODED_BYTES]
    return None


def _join(actions: Actions, args: _Args, _kwargs: Value, _at: int) -> Value:
    del actions
    if len(args) != 2 or not isinstance(args[1], Box) or args[1].more:
        return None
    parts = args[1].items
    if isinstance(args[0], str) and all(isinstance(each, str) for each in parts):
        return args[0].join(str(each) for each in parts)[:DECODED_BYTES]
    return None


_HELPERS: Final[dict[str, _Helper]] = {
    "builtins.getattr": _getattr,
    "builtins.__import__": _import_top,
    "importlib.import_module": _import,
    "importlib.__import__": _import_top,
    "cloudpickle.cloudpickle.subimport": _import,
    "dill._dill._import_module": _resolve_name,
    "pkgutil.resolve_name": _resolve_name,
    "pydoc.locate": _resolve_name,
    "operator.getitem": _getitem,
    "operator.__getitem__": _getitem,
    "operator.call": _call_first,
    "builtins.apply": _apply,
    "builtins.map": _map,
    "itertools.imap": _map,
    "itertools.starmap": _starmap,
    "builtins.filter": _map,
    "itertools.filterfalse": _map,
    "itertools.takewhile": _map,
    "itertools.dropwhile": _map,
    "functools.reduce": _reduce,
    "builtins.reduce": _reduce,
    "itertools.accumulate": lambda actions, args, kwargs, at: _reduce(actions, args[1::-1], kwargs, at),
    "builtins.sorted": _with_key,
    "builtins.min": _with_key,
    "builtins.max": _with_key,
    "builtins.list": _same,
    "builtins.tuple": _same,
    "builtins.set": _same,
    "builtins.next": _first,
    "builtins.setattr": _setattr,
    "operator.setitem": _setitem,
    "copyreg.add_extension": _add_extension,
    "copyreg._reconstructor": _reconstructor,
    "numpy.core._ufunc_reconstruct": _ufunc,
    "numpy._core._ufunc_reconstruct": _ufunc,
    "copyreg.__newobj__": _newobj,
    "copyreg.__newobj_ex__": _newobj_ex,
    "base64.b64decode": _decoder(base64.b64decode),
    "base64.standard_b64decode": _decoder(base64.b64decode),
    "base64.urlsafe_b64decode": _decoder(base64.urlsafe_b64decode),
    "base64.decodebytes": _decoder(base64.b64decode),
    "base64.b32decode": _decoder(base64.b32decode),
    "base64.b16decode": _decoder(base64.b16decode),
    "base64.b85decode": _decoder(base64.b85decode),
    "base64.a85decode": _decoder(base64.a85decode),
    "binascii.a2b_base64": _decoder(binascii.a2b_base64),
    "binascii.unhexlify": _decoder(binascii.unhexlify),
    "binascii.a2b_hex": _decoder(binascii.unhexlify),
    "builtins.bytes.fromhex": _decoder(lambda text: bytes.fromhex(text.decode("ascii", "replace"))),
    "builtins.bytearray.fromhex": _decoder(lambda text: bytes.fromhex(text.decode("ascii", "replace"))),
    "zlib.decompress": _decoder(lambda packed: _inflate(packed, 15)),
    "gzip.decompress": _decoder(lambda packed: _inflate(packed, 31)),
    "codecs.decode": _codec,
    "codecs.encode": _codec,
    "_codecs.decode": _codec,
    "_codecs.encode": _codec,
    "builtins.bytes": _bytes,
    "builtins.bytearray": _bytes,
    "operator.add": _add,
    "operator.concat": _add,
    "builtins.str.join": _join,
}
"""By their name in Python 3."""


# What the result of a helper does when it is called.


def _apply_attrgetter(actions: Actions, callee: Call, args: _Args, _kwargs: Value, at: int) -> Value:
    if not args or not callee.args:
        return None
    found = [
        attribute(actions, args[0], name, at, "operator.attrgetter") for name in callee.args[:_MOST_CALLS]
    ]
    return found[0] if len(found) == 1 else Box("tuple", list(found))


def _apply_itemgetter(actions: Actions, callee: Call, args: _Args, _kwargs: Value, at: int) -> Value:
    if not args or not callee.args or not isinstance(args[0], (Box, Global)):
        return None  # by a method of the object: what it returns cannot be told
    return item(actions, args[0], callee.args[0], at, "operator.itemgetter")


def _apply_methodcaller(actions: Actions, callee: Call, args: _Args, _kwargs: Value, at: int) -> Value:
    if not args or not callee.args:
        return None
    method = attribute(actions, args[0], callee.args[0], at, "operator.methodcaller")
    return actions.call(method, callee.args[1:], at, kwargs=callee.kwargs)


def _apply_partial(actions: Actions, callee: Call, args: _Args, kwargs: Value, at: int) -> Value:
    """Call what a partial holds; BUILD may have put another function into it."""
    held: Value = callee.args[0] if callee.args else None
    before = callee.args[1:]
    if isinstance(callee.state, Box) and callee.state.kind == "tuple" and len(callee.state.items) >= 2:
        held, before = callee.state.items[0], actions.as_args(callee.state.items[1])
    return actions.call(held, (*before, *args), at, kwargs=kwargs if kwargs is not None else callee.kwargs)


_Applied: TypeAlias = "Callable[[Actions, Call, _Args, Value, int], Value]"
_RESULTS: Final[dict[str, _Applied]] = {
    "operator.attrgetter": _apply_attrgetter,
    "operator.itemgetter": _apply_itemgetter,
    "operator.methodcaller": _apply_methodcaller,
    "functools.partial": _apply_partial,
    "types.MethodType": _apply_partial,
}
