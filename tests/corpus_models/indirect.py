"""Calls that stand behind another call: attribute chains, higher-order functions, a pickle in a pickle."""

from __future__ import annotations

import base64
import zlib

from corpus_models.assemble import (
    BUILD,
    COMMAND,
    POP,
    REDUCE,
    Code,
    call,
    made,
    name,
    push,
    raw_bytes,
    shell,
    stream,
)
from corpus_models.model import Want, add

GROUP = "opcodes"
PRACTICE = "capture-the-flag practice"


def _indirect(
    id_: str, what: str, *parts: bytes, source: str = PRACTICE, want: Want = Want.DANGEROUS
) -> None:
    add(id_, GROUP, what, source, stream(*parts), want=want)


SYSTEM = name("os.system")
_indirect("via-map", "list over map", call("builtins.list", call("builtins.map", SYSTEM, [COMMAND])))
_indirect(
    "via-map-old",
    "the same by its Python 2 name",
    call("__builtin__.list", call("__builtin__.map", SYSTEM, [COMMAND])),
)
_indirect("via-filter", "any over filter", call("builtins.any", call("builtins.filter", SYSTEM, [COMMAND])))
_indirect(
    "via-starmap",
    "itertools.starmap",
    call("builtins.tuple", call("itertools.starmap", SYSTEM, [(COMMAND,)])),
)
_indirect("via-partial", "functools.partial, then called", call(call("functools.partial", SYSTEM, COMMAND)))
_indirect(
    "via-partial-kept",
    "functools.partial of a sink, called by whoever uses it",
    call("functools.partial", SYSTEM, COMMAND),
)
_indirect(
    "via-partial-state",
    "functools.partial by BUILD, as it is really pickled",
    call("functools.partial", SYSTEM),
    push((SYSTEM, (COMMAND,), {}, None)) + BUILD,
)
_indirect("via-reduce", "functools.reduce", call("functools.reduce", SYSTEM, [COMMAND, COMMAND]))
_indirect(
    "via-getattr",
    "getattr on an imported module",
    call(call("builtins.getattr", name("logging.os"), "system"), COMMAND),
    source="classic",
)
_indirect(
    "via-getattr-chain",
    "getattr along __class__ and __subclasses__",
    call(call("builtins.getattr", call("builtins.getattr", (), "__class__"), "__subclasses__")),
    source="classic",
    want=Want.ALARM,
)
_indirect(
    "via-import-module",
    "importlib.import_module, then getattr",
    call(call("builtins.getattr", call("importlib.import_module", "os"), "system"), COMMAND),
    source="picklescan PR #74",
)
_indirect(
    "via-import",
    "__import__",
    call(call("builtins.getattr", call("builtins.__import__", "os"), "system"), COMMAND),
    source="classic",
)
_indirect(
    "via-attrgetter",
    "operator.attrgetter",
    call(call(call("operator.attrgetter", "system"), call("importlib.import_module", "os")), COMMAND),
)
_indirect(
    "via-methodcaller",
    "operator.methodcaller",
    call(call("operator.methodcaller", "system", COMMAND), call("importlib.import_module", "os")),
)
_indirect("via-operator-call", "operator.call", call("operator.call", SYSTEM, COMMAND))
_indirect(
    "via-itemgetter",
    "operator.getitem on globals",
    call(call("operator.getitem", call("builtins.globals"), "eval"), "1+1"),
)
_indirect(
    "via-resolve-name",
    "pkgutil.resolve_name",
    call(call("pkgutil.resolve_name", "os:system"), COMMAND),
    source="GHSA-vvpj-8cmc-gx39",
)
_indirect("via-apply", "apply of Python 2", call("__builtin__.apply", SYSTEM, (COMMAND,)), source="classic")
_indirect("via-eval", "eval of constant text", call("builtins.eval", "print('tidegate')"), source="classic")
_indirect(
    "via-exec", "exec of constant text", call("__builtin__.exec", "print('tidegate')"), source="classic"
)
_indirect(
    "via-compile",
    "eval of what compile made",
    call("builtins.eval", call("builtins.compile", "1+1", "x", "eval")),
    source="classic",
)
_indirect(
    "via-numpy-runstring",
    "numpy.testing runs a string",
    call("numpy.testing._private.utils.runstring", "print(1)", {}),
    source="picklescan advisories",
)
_indirect(
    "via-reconstructor-sink",
    "copyreg._reconstructor of a process class",
    call("copyreg._reconstructor", name("subprocess.Popen"), name("builtins.object"), None),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "via-newobj-helper",
    "copyreg.__newobj__ of a process class",
    call("copyreg.__newobj__", name("subprocess.Popen"), ["echo", "tidegate"]),
    source="ours",
)
_indirect(
    "via-rebuild-type",
    "torch's _rebuild_from_type_v2, which is listed, calls what it is handed",
    call("torch._tensor._rebuild_from_type_v2", SYSTEM, name("torch.Tensor"), (COMMAND,), {}),
    source="ours",
)
_indirect(
    "via-defaultdict",
    "a dictionary whose default is a sink",
    call("collections.defaultdict", SYSTEM),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "via-defaultdict-get",
    "operator.getitem on such a dictionary",
    call("operator.getitem", call("collections.defaultdict", name("builtins.breakpoint")), 1),
    source="ours",
    want=Want.DANGEROUS,
)
_indirect(
    "via-sorted-key",
    "max with a sink as its key",
    call(call("functools.partial", name("builtins.max"), [COMMAND]), 1),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "via-codecs", "a codec that opens files", call("codecs.open", "/tmp/tidegate-sample", "r"), source="ours"
)
_indirect(
    "via-codecs-encode",
    "_codecs.encode, which is listed, with another codec",
    call("_codecs.encode", "x", "idna_of_nobody"),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "via-setattr",
    "setattr puts a sink over a harmless name",
    call("builtins.setattr", name("json.decoder"), "scanstring", SYSTEM),
    source="ours",
    want=Want.DANGEROUS,
)
_indirect(
    "via-dict-update",
    "a module's dictionary updated",
    call(name("builtins:dict.update"), name("torch._utils:__dict__"), {"_rebuild_tensor": SYSTEM}),
    source="ours",
    want=Want.ALARM,
)

_NESTED = shell()
for _loader in (
    "pickle.loads",
    "_pickle.loads",
    "cPickle.loads",
    "dill.loads",
    "dill._dill.loads",
    "cloudpickle.loads",
    "joblib.load",
    "marshal.loads",
    "pandas.read_pickle",
    "torch.load",
    "numpy.load",
    "shelve.open",
    "pickle.Unpickler",
):
    _bytes_it_takes = _loader.endswith("loads")
    _indirect(
        f"nested-{_loader.replace('.', '-').replace('_', 'u')}",
        f"another pickle handed to {_loader}",
        call(_loader, raw_bytes(_NESTED) if _bytes_it_takes else "second-stage.bin"),
        source="classic" if _bytes_it_takes else "ours",
    )
_indirect(
    "nested-torch-storage",
    "another pickle through torch.storage._load_from_bytes",
    call("torch.storage._load_from_bytes", raw_bytes(_NESTED)),
    source="fickling, picklescan",
)
_indirect(
    "nested-bytesio",
    "another pickle through BytesIO",
    call("pickle.load", call("io.BytesIO", raw_bytes(_NESTED))),
    source="ours",
)
_indirect(
    "nested-zlib",
    "another pickle, deflated",
    call("pickle.loads", call("zlib.decompress", raw_bytes(zlib.compress(_NESTED)))),
    source="ours",
)
_indirect(
    "nested-base64",
    "another pickle in base64",
    call("pickle.loads", call("base64.b64decode", base64.b64encode(_NESTED).decode())),
    source="modelaudit tests",
)
_indirect(
    "nested-codecs",
    "another pickle through _codecs.encode",
    call("pickle.loads", call("_codecs.encode", _NESTED.decode("latin-1"), "latin1")),
    source="ours",
)
_indirect(
    "nested-thrice",
    "a pickle in a pickle in a pickle",
    call(
        "pickle.loads",
        raw_bytes(stream(call("_pickle.loads", raw_bytes(stream(call("pickle.loads", raw_bytes(_NESTED))))))),
    ),
    source="modelaudit tests",
)
_indirect(
    "exec-base64",
    "exec of decoded text",
    call("builtins.exec", call("base64.b64decode", base64.b64encode(b"print('tidegate')").decode())),
    source="modelaudit tests",
)
_indirect(
    "code-object",
    "a function made of a code object",
    call(
        call(
            "types.FunctionType",
            call("types.CodeType", 0, 0, 0, 0, 2, 64, b"d\x00S\x00", (None,), (), (), "x", "x", 1, b""),
            {},
        )
    ),
    source="picklescan advisories",
)
_indirect(
    "dill-function",
    "a function as dill writes it",
    call(
        "dill._dill._create_function",
        call(
            "dill._dill._create_code",
            0,
            0,
            0,
            0,
            2,
            64,
            b"d\x00S\x00",
            (None,),
            (),
            (),
            "x",
            "x",
            1,
            b"",
            (),
            (),
        ),
        {},
        "x",
        None,
        None,
    ),
    source="dill",
)
_indirect(
    "cloudpickle-function",
    "a function as cloudpickle writes it",
    call(
        "cloudpickle.cloudpickle._make_function",
        call("cloudpickle.cloudpickle._builtin_type", "CodeType"),
        None,
        None,
        None,
        None,
    ),
    source="cloudpickle",
)
_indirect(
    "marshal-loads",
    "a code object from marshal, evaluated",
    call("builtins.eval", call("marshal.loads", raw_bytes(b"\xe3\x00"))),
    source="picklescan advisories",
)
_indirect(
    "ctypes-build",
    "a native library opened, result thrown away",
    made("ctypes.CDLL", "libtidegate-sample.so"),
    POP,
    push(1),
    source="picklescan advisories",
)
_indirect(
    "reduce-of-result",
    "what the first call returns is called",
    call(call("builtins.getattr", name("os.path"), "os.system"), COMMAND),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "newobj-of-call",
    "NEWOBJ of a class that getattr found",
    call("builtins.getattr", name("subprocess.sys"), "modules"),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "signal-handler", "a handler that runs later", call("atexit.register", SYSTEM, COMMAND), source="ours"
)
_indirect(
    "weakref-finalize",
    "a finaliser that runs later",
    call("weakref.finalize", name("collections.OrderedDict"), SYSTEM, COMMAND),
    source="ours",
)
_indirect(
    "thread", "a thread that calls it", call("threading.Thread", None, SYSTEM, "t", (COMMAND,)), source="ours"
)
_indirect(
    "build-on-module",
    "BUILD on an imported module sets its attributes",
    name("os.path"),
    push({"join": SYSTEM}),
    BUILD,
    source="ours",
    want=Want.DANGEROUS,
)
_indirect(
    "append-on-name",
    "APPEND onto an imported object",
    name("sys.path"),
    push("/tmp/tidegate-sample"),
    b"a",
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "setitem-environ",
    "the environment written",
    name("os.environ"),
    push("LD_PRELOAD"),
    push("tidegate.so"),
    b"s",
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "getattr-reduce",
    "REDUCE of a dotted builtin",
    name("builtins:__import__"),
    push(("os",)),
    REDUCE,
    source="ours",
)


# Listed names that are handed what runs: what a class is given decides, not its name alone.

_LOADS = call("functools.partial", name("torch.storage._load_from_bytes"), raw_bytes(shell()))
_OBJECTS = call("numpy.dtype", "O8", False, True)
_NO_OBJECTS = push((3, "|", None, None, None, -1, -1, 0)) + BUILD
_CODE = "\ndef _parse_args(self): pass\n__import__('os').system('" + COMMAND + "')\n"
_indirect(
    "partial-loads",
    "a loader of pickles put off by partial, called for a key that is missing in a ChainMap",
    call("builtins.dict", call("collections.ChainMap", call("collections.defaultdict", _LOADS), {"k": 1})),
    source="ours",
)
_indirect(
    "partial-loads-state",
    "the same, put into a harmless partial by BUILD",
    call("functools.partial", name("builtins.len")),
    push((name("torch.storage._load_from_bytes"), (raw_bytes(shell()),), {}, None)) + BUILD,
    source="ours",
)
_indirect(
    "partial-any-of-numpy",
    "a function of numpy that is no ufunc, by the function that makes ufuncs, put off by partial",
    call("functools.partial", call("numpy._core._ufunc_reconstruct", "numpy", "load"), "x.npy", None, True),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "itemgetter-default",
    "an itemgetter that is called on an object, whose methods decide",
    call(call("operator.itemgetter", 0), call("collections.deque", [name("collections.UserDict")])),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "reconstructor-base",
    "copyreg._reconstructor with a base that opens a file",
    call("copyreg._reconstructor", name("numpy.ndarray"), name("numpy.memmap"), "/tmp/tidegate-sample"),
    source="ours",
)
_indirect(
    "scipy-template",
    "a distribution of scipy whose __setstate__ runs code of the state",
    made("scipy.stats._continuous_distns.norm_gen", state={"_parse_arg_template": _CODE}),
    source="ours",
)
_indirect(
    "scipy-template-pairs",
    "the same with the state as pairs, which dict.update takes too",
    made("scipy.stats._distn_infrastructure.rv_continuous", state=(("_parse_arg_template", _CODE),)),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "scipy-template-rebuilt",
    "the same through torch's function that sets a state",
    call(
        "torch._tensor._rebuild_from_type_v2",
        name("scipy.stats._continuous_distns.norm_gen"),
        name("scipy.stats._continuous_distns.norm_gen"),
        (),
        {"_parse_arg_template": _CODE},
    ),
    source="ours",
)
_indirect(
    "dtype-flags",
    "numpy's type of objects whose flags deny it: numbers become addresses",
    call("numpy._core.multiarray.scalar", Code(_OBJECTS + _NO_OBJECTS), raw_bytes(bytes(8))),
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "dtype-flags-field",
    "the same within a structure",
    call("numpy.dtype", "V8", False, True),
    push((3, "|", None, ("a",), {"a": (_OBJECTS, 0)}, 8, 1, 16)) + BUILD,
    source="ours",
    want=Want.ALARM,
)
_indirect(
    "dtype-offset",
    "numpy's structure with a field beyond its item",
    call("numpy.dtype", "V8", False, True),
    push((3, "|", None, ("a",), {"a": (call("numpy.dtype", "f8", False, True), 1 << 20)}, 8, 1, 16)) + BUILD,
    source="ours",
    want=Want.ALARM,
)
for _id, _state in {
    "version": (call("builtins.int", "3"), "|", None, None, None, -1, -1, 0),
    "flags": (3, "|", None, None, None, -1, -1, call("builtins.int", "0")),
    "short": (3, "|", None, None, None, -1, -1),
}.items():
    _indirect(
        f"dtype-made-{_id}",
        f"numpy's type of objects whose flags are not told: {_id}",
        _OBJECTS,
        push(_state) + BUILD,
        source="ours",
        want=Want.ALARM,
    )
_indirect(
    "dtype-made-state",
    "the same with a state that is made while loading",
    _OBJECTS,
    call("builtins.tuple", call("collections.deque", [3, "|", None, None, None, -1, -1, 0])),
    BUILD,
    source="ours",
    want=Want.ALARM,
)
for _library in ("xgboost.core", "lightgbm.basic"):
    _indirect(
        f"booster-{_library.partition('.')[0]}",
        "a listed class that opens a file when it is called with its name",
        call(f"{_library}.Booster", None, None, "/tmp/tidegate-sample"),
        source="ours",
        want=Want.ALARM,
    )
