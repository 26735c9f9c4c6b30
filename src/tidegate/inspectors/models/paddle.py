"""Paddle: a `.pdmodel` is a program of operations as a protocol buffer; `.pdparams` is a pickle.

Paddle 3 writes the program as JSON (`inference.json`), which `paddle_pir` reads.

Operations are looked up in what is linked into Paddle. Known sinks are dangerous; what is neither one of them
nor on the list of those that only compute is unknown: a custom operation, or one of a later Paddle.
Source: paddle/fluid/framework/framework.proto.
"""

from __future__ import annotations

import re

from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.models._paddle_ops import only_computes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Field, Hop, known, outline
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

LOADER = "paddle.inference, paddle.jit.load"
_SINKS = {
    "py_func": "runs a function of Python",
    "py_layer": "runs a function of Python",
    "run_program": "runs another program",
    "load": "reads a file",
    "load_combine": "reads a file",
    "read_file": "reads a file",
    "save": "writes a file",
    "save_combine": "writes a file",
    "listen_and_serv": "opens a port",
    "send": "sends to another machine",
    "recv": "asks another machine",
    "rpc_call": "asks another machine",
}
_REACHES_OUT = re.compile(
    r"(?:py_|prim_py|pyfunc|save|load|send|recv|rpc|listen|heter_|fl_|distributed_|pull_|push_|checkpoint_notify"
    r"|create_.*reader|gen_.*_id|c_gen_|(?:c_)?comm_init|p_send|p_recv|partial_send|partial_recv|pylayer|ap_"
    r"|fusion_group|dl).*|.*(?:_and_serv|_and_recv|_barrier|_engine|_reader|_py)\Z"
)
"""Families of the sinks, of training over a network, and of engines that load code of their own."""

_NAMES = (".pdmodel", "__model__")
"""Of these, fields that a reader would pass over do not decide."""


class Paddle:
    """Walks the operations of every block."""

    id = "paddle"
    order = 57

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        found = outline(head, size_bytes)
        fields = known(found, {1: BYTES, 4: BYTES, 5: BYTES})
        if not fields or (len(fields) < len(found or ()) and not name.lower().endswith(_NAMES)):
            return False
        first = fields[0]
        block = outline(head[first.start : first.stop], first.stop - first.start) or ()
        return first.number == 1 and [(each.number, each.wire) for each in block[:2]] == [
            (1, VARINT),
            (2, VARINT),
        ]

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        with notes.reading():
            hop = Hop(data)
            for block in hop.fields(0, data.size_bytes):
                if block.number == 1 and block.wire == BYTES:
                    for field in hop.fields(block.start, block.stop):
                        if field.number == 4 and field.wire == BYTES:
                            _operation(hop, field, notes)
        return notes.done()


def _operation(hop: Hop, operation: Field, notes: Notes) -> None:
    """Judge the type (3) of an operation."""
    for field in hop.fields(operation.start, operation.stop):
        if field.number != 3 or field.wire != BYTES:
            continue
        name = hop.text(field)
        if not only_computes(name):
            judge_operation(name, notes, operation.start)


def judge_operation(name: str, notes: Notes, offset: int | None = None) -> None:
    """Judge an operation that does not only compute."""
    if name in _SINKS:
        summary = f"running the program, the operation {quoted(name)} {_SINKS[name]}"
        notes.sink("operation", summary, offset=offset)
    elif _REACHES_OUT.match(name):
        summary = f"the operation {quoted(name)} is of a family that reads, writes, sends or loads code"
        notes.unlisted("operation", summary, name=name, offset=offset)
    else:
        summary = f"the operation {quoted(name)} is on no list of Paddle's own"
        notes.unlisted("custom_operation", summary, name=name, offset=offset)


PLUGIN = Paddle()
