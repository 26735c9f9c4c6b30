"""ExecuTorch programs (`.pte`): a FlatBuffer with calls of operators by name, and parts for other backends.

Nothing in it is code for the processor, as long as no backend takes such a thing out of it: operators are
looked up among those that are linked into whoever runs it.
Source: pytorch/executorch, `schema/program.fbs`, `schema/extended_header.h`; torch's `native_functions.yaml`.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.models._flatbuffer import Buffer, Table
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MARK: Final = re.compile(rb"ET[0-9]{2}\Z")
_EXTENDED: Final = b"eh00"
_HEADER_BYTES: Final = 32
_MOST_TABLES: Final = 200_000
_OPERATORS: Final = frozenset(
    """
aten prim prims quantized_decomposed executorch_prim dim_order_ops _empty_dim_order cortex_m cadence
llama et_vk xnnpack torchao
""".split()
)
"""Namespaces of operators that ExecuTorch itself and torch have."""
_BACKENDS: Final = frozenset(
    """
XnnpackBackend VulkanBackend CoreMLBackend MPSBackend QnnBackend ArmBackend EthosUBackend VgfBackend
NeuropilotBackend OpenvinoBackend EnnBackend NeutronBackend NeutronNPUBackend CadenceBackend TOSABackend
""".split()
)
"""They interpret what they are given, or have an accelerator run it."""
_NATIVE: Final = frozenset(("CudaBackend", "MetalBackend", "AotiBackend", "AOTIBackend"))
"""They take a shared library out of the file and load it (AOTInductor)."""


class ExecuTorch:
    """Reads the lists of operators, backends and segments."""

    id = "executorch"
    order = 12

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return _MARK.match(head[4:8]) is not None and (
            head[8:12] == _EXTENDED or name.lower().endswith(".pte")
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            program = Buffer(data).root()
            operators = delegates = 0
            for plan in program.tables(1, _MOST_TABLES):
                for operator in plan.tables(6, _MOST_TABLES):
                    operators += 1
                    _operator(operator, notes)
                for delegate in plan.tables(7, _MOST_TABLES):
                    delegates += 1
                    _delegate(delegate, notes)
            notes.fact("graph", f"a program of {operators:,} operators and {delegates:,} parts for backends")
            _segments(data, program, notes)
        return notes.done()


def _operator(operator: Table, notes: Notes) -> None:
    """Judge an operator by its namespace: `aten::add`."""
    name = operator.text(0)
    if name.partition("::")[0] not in _OPERATORS or "::" not in name:
        summary = f"the operator {quoted(name)} is not of torch or ExecuTorch: a library brings it"
        notes.unlisted("custom_operation", summary, name=name, offset=operator.at)


def _delegate(delegate: Table, notes: Notes) -> None:
    """Judge who is handed a part of the program."""
    name = delegate.text(0)
    if name in _NATIVE:
        summary = f"running the program, {quoted(name)} loads native code that the file holds"
        notes.sink("native_code", summary, offset=delegate.at)
    elif name in _BACKENDS:
        notes.fact(
            "backend",
            f"a part is handed to {quoted(name)}: that part was not looked into",
            offset=delegate.at,
        )
    else:
        summary = f"a part is handed to the backend {quoted(name)}, which is on no list"
        notes.unlisted("backend", summary, name=name, offset=delegate.at)


def _segments(data: Readable, program: Table, notes: Notes) -> None:
    """Check that the segments (4) stand in the file: behind the place that the longer header names."""
    head = data.read(0, _HEADER_BYTES)
    if head[8:12] != _EXTENDED or len(head) < _HEADER_BYTES:
        return
    base = int.from_bytes(head[24:32], "little")
    for segment in program.tables(4, _MOST_TABLES):
        end = base + segment.number(0, 8) + segment.number(1, 8)
        if end > data.size_bytes:
            beyond = end - data.size_bytes
            notes.broken(f"a segment ends {beyond:,} bytes beyond the file", offset=segment.at)


PLUGIN = ExecuTorch()
