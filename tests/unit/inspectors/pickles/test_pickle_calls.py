"""What would be called, with what: every opcode and every detour that leads to a call."""

from __future__ import annotations

import pytest
from seen import call, judged, name, sentences, stream, text, word

from tidegate.model.observation import Evidence, Executes, Verdict

SYSTEM = name("os", "system")
ECHO = text("echo x")
SAID = "on load, runs os.system with the constant string 'echo x': it starts a process"
CALLS = {
    "GLOBAL and REDUCE": b"cos\nsystem\n(S'echo x'\ntR.",
    "STACK_GLOBAL": stream(call(SYSTEM, ECHO)),
    "INST": b"(S'echo x'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'echo x'\no.",
    "TUPLE1": stream(SYSTEM, ECHO, b"\x85R"),
    "memo": stream(text("os"), b"\x940", text("system"), b"\x940h\x00h\x01\x93", ECHO, b"\x85R"),
    "memo slot written before use": stream(text("a"), b"q\x070", text("os"), b"q\x070h\x07", text("system"), b"\x93", ECHO, b"\x85R"),
    "result dropped by POP": stream(SYSTEM, ECHO, b"\x85R0N"),
    "result dropped by POP_MARK": stream(b"(", SYSTEM, ECHO, b"\x85R1N"),
    "DUP": stream(SYSTEM, b"2", ECHO, b"\x85R"),
    "no STOP": stream(SYSTEM, ECHO, b"\x85R")[:-1],
    "invalid opcode behind it": stream(SYSTEM, ECHO, b"\x85R\xff"),
    "BUILD behind it": stream(SYSTEM, ECHO, b"\x85R}b"),
    "Python 2 name": b"cposix\nsystem\n(S'echo x'\ntR.",
    "escapes in STRING": b"cos\nsystem\n(S'\\x65cho x'\ntR.",
    "escapes in UNICODE": b"cos\nsystem\n(V\\u0065cho x\ntR.",
}  # fmt: skip


@pytest.mark.parametrize("how", CALLS)
def test_a_call_is_seen_however_its_opcodes_arrange_it(how: str) -> None:
    judgement = judged(CALLS[how])
    assert judgement.evidence is Evidence.PAYLOAD
    assert judgement.executes is Executes.YES
    assert any(".system with the constant string 'echo x'" in each.summary for each in judgement.observations)


def test_a_call_is_told_in_a_sentence_with_its_offset() -> None:
    (observation,) = judged(stream(call(SYSTEM, ECHO))).observations
    assert observation.summary == SAID
    assert observation.offset == 25
    assert observation.severity == "critical"


def test_a_class_is_made_by_newobj_with_arguments_and_keywords() -> None:
    popen = name("subprocess", "Popen")
    made = stream(popen, text("ls"), b"\x85\x81")
    assert sentences(made) == [
        "on load, makes an instance of subprocess.Popen with the constant string 'ls': it starts a process"
    ]
    by_keyword = stream(popen, text("ls"), b"\x85}", text("shell"), b"\x88s\x92")
    assert "with the constant string 'ls' and 1 by keyword" in sentences(by_keyword)[0]


DETOURS = {
    "getattr on an imported module": call(
        name("builtins", "getattr"), call(name("importlib", "import_module"), text("os")), text("system")
    ),
    "attrgetter": call(call(name("operator", "attrgetter"), text("system")), call(name("builtins", "__import__"), text("os"))),
    "sys.modules by itemgetter": call(
        name("builtins", "getattr"), call(call(name("operator", "itemgetter"), text("os")), name("sys", "modules")), text("system")
    ),
    "resolve_name": call(name("pkgutil", "resolve_name"), text("os:system")),
    "partial": call(name("functools", "partial"), SYSTEM),
    "a dotted name through a harmless module": name("torch", "serialization.os.system"),
    "an alias in another module": name("collections", "_sys.modules"),
}  # fmt: skip


@pytest.mark.parametrize("detour", DETOURS)
def test_a_name_is_recognised_however_it_is_reached(detour: str) -> None:
    raw = stream(call(DETOURS[detour], ECHO))
    assert word(raw) is Verdict.DANGEROUS
    assert any("os.system" in each or "_sys.modules" in each for each in sentences(raw))


INDIRECT = {
    "map": call(name("builtins", "map"), SYSTEM, b"]" + ECHO + b"a"),
    "starmap": call(name("itertools", "starmap"), SYSTEM, b"]" + ECHO + b"\x85a"),
    "reduce": call(name("functools", "reduce"), SYSTEM, b"](" + ECHO + text("b") + b"e"),
    "filter": call(name("builtins", "filter"), SYSTEM, b"]" + ECHO + b"a"),
    "sorted by key": name("builtins", "sorted") + b"]" + ECHO + b"a\x85}" + text("key") + SYSTEM + b"s\x92",
    "methodcaller": call(call(name("operator", "methodcaller"), text("system"), ECHO), call(name("builtins", "__import__"), text("os"))),
    "rebuild_from_type": call(name("torch._tensor", "_rebuild_from_type_v2"), SYSTEM, name("torch", "Tensor"), ECHO + b"\x85", b"}"),
    "apply": b"c__builtin__\napply\n" + SYSTEM + ECHO + b"\x85\x86R",
    "MethodType": call(call(name("types", "MethodType"), SYSTEM, ECHO)),
}  # fmt: skip


@pytest.mark.parametrize("how", INDIRECT)
def test_a_function_handed_to_another_that_calls_it_is_a_call(how: str) -> None:
    raw = stream(INDIRECT[how])
    assert word(raw) is Verdict.DANGEROUS
    assert any("os.system with the constant string 'echo x'" in each for each in sentences(raw))


def test_a_dangerous_name_that_is_only_imported_is_told() -> None:
    assert sentences(stream(SYSTEM)) == ["on load, imports os.system without calling it: it starts a process"]
    assert word(stream(SYSTEM)) is Verdict.DANGEROUS


def test_a_name_on_no_list_is_unknown_whatever_is_installed_here() -> None:
    raw = stream(call(name("hypothesis", "given"), b"K\x01"))
    assert word(raw) is Verdict.UNKNOWN
    assert sentences(raw) == ["on load, runs hypothesis.given with the number 1: it is on no list"]


def test_the_users_policy_adds_exact_names_only() -> None:
    raw = stream(name("shop.models", "Net"), b")\x81}b")
    assert word(raw) is Verdict.UNKNOWN
    assert not judged(raw, policy=frozenset({"shop.models.Net"})).unlisted
    assert judged(raw, policy=frozenset({"shop.models", "shop.models.Ne"})).unlisted


def test_writing_into_a_class_or_module_is_tampering() -> None:
    patched = stream(
        name("collections", "OrderedDict"), b"}", text("update"), name("collections", "Counter"), b"sb"
    )
    assert judged(patched).evidence is Evidence.TAMPERING
    assert "on load, sets attributes of collections.OrderedDict, for the whole process" in sentences(patched)


def test_a_listed_name_is_no_longer_trusted_after_the_stream_has_written_into_it() -> None:
    target = name("collections", "OrderedDict")
    raw = stream(target, b"}", text("update"), b"NsbN0", call(target))
    assert any("after the stream has written into it" in each for each in sentences(raw))


def test_extension_codes_are_followed_when_the_stream_registers_them_and_unknown_else() -> None:
    register = call(name("copyreg", "add_extension"), text("os"), text("system"), b"K\x2a")
    assert any(
        "os.system" in each and "echo x" in each
        for each in sentences(stream(register, b"0\x82\x2a", ECHO, b"\x85R"))
    )
    assert word(stream(b"\x82\x2a", ECHO, b"\x85R")) is Verdict.UNKNOWN


def test_filling_an_object_that_is_no_builtin_container_is_told() -> None:
    raw = stream(name("shop", "Basket"), b")\x81K\x01a")
    assert "on load, appends into what shop.Basket returns, by its own methods" in sentences(raw)


@pytest.mark.parametrize(
    "arguments",
    [b"K\x01\x85", text("x") + text("hex") + b"\x86", b")"],
    ids=["a number", "another codec", "none"],
)
def test_a_listed_callable_must_get_the_arguments_its_library_writes(arguments: bytes) -> None:
    raw = stream(name("_codecs", "encode"), arguments, b"R")
    assert word(raw) is Verdict.UNKNOWN
    assert "not as it is listed" in sentences(raw)[0]


def test_long_constants_are_cut_and_bytes_are_never_shown() -> None:
    (said,) = sentences(stream(call(SYSTEM, text("k" * 200))))
    assert f"'{'k' * 80}…'" in said
    (said,) = sentences(stream(call(SYSTEM, b"C\x06secret")))
    assert "6 bytes" in said
    assert "secret" not in said
