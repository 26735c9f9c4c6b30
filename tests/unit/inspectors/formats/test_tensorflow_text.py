"""Graphs of TensorFlow as text are judged as their binary form is."""

from __future__ import annotations

import json

import pytest
from formats import claimed, judged, said, word
from hypothesis import given
from hypothesis import strategies as st

from tidegate.inspectors.models import tf_text
from tidegate.inspectors.models._text_proto import unescaped
from tidegate.model.observation import Verdict

TEXT = tf_text.PLUGIN


def node(op: str, name: str = "n", more: str = "") -> str:
    return f'name: "{name}"\n  op: "{op}"\n  input: "in"\n{more}'


def graph(*operations: str, functions: dict[str, tuple[str, ...]] | None = None) -> str:
    text = "".join(f"node {{\n  {node(op)}}}\n" for op in operations)
    for name, inner in (functions or {}).items():
        body = "".join(f"node_def {{ {node(op)} }}\n" for op in inner)
        text += f'library {{ function {{ signature {{ name: "{name}" output_arg {{ name: "x" type: DT_FLOAT }} }} {body} }} }}\n'
    return text + "versions {\n  producer: 1395\n}\n"


def saved(text: str, more: str = "") -> str:
    return (
        'saved_model_schema_version: 1\nmeta_graphs {\n  meta_info_def { tags: "serve" }\n'
        f"  graph_def {{\n{text}  }}\n{more}}}\n"
    )


def said_of(text: str) -> str:
    return said(TEXT, text.encode())


USUAL = ("VarHandleOp", "ReadVariableOp", "MatMul", "SaveV2", "StatefulPartitionedCall")
FORMS = {
    "a graph": graph,
    "a saved model": lambda *ops, **more: saved(graph(*ops, **more)),
    "a meta graph": lambda *ops, **more: (
        f'meta_info_def {{ tags: "x" }} graph_def {{ {graph(*ops, **more)} }}'
    ),
    "with remarks": lambda *ops, **more: "# a graph\n\n" + graph(*ops, **more).replace("}\n", "}; # so\n"),
    "with angles and colons": lambda *ops, **more: graph(*ops, **more).replace("{", ": <").replace("}", ">,"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_graph_as_text_is_judged_by_its_operations(form: str) -> None:
    made = FORMS[form]
    for text, verdict in (
        (made(*USUAL), Verdict.CLEAN),
        (made(*USUAL, functions={"f": ("Mul",)}), Verdict.CLEAN),
        (made(*USUAL, "f", functions={"f": ("Mul",)}), Verdict.CLEAN),
        (made(*USUAL, "ZeroOut"), Verdict.UNKNOWN),
        (made(*USUAL, "PyFunc"), Verdict.DANGEROUS),
        (made(*USUAL, functions={"f": ("Mul", "WriteFile")}), Verdict.DANGEROUS),
        (made(*USUAL)[:-20], Verdict.DAMAGED),
    ):
        raw = text.encode()
        assert claimed(TEXT, raw)
        assert word(TEXT, raw) is verdict, said(TEXT, raw)


@pytest.mark.parametrize(
    "written", [r'"\x50yFunc"', r'"\120yFunc"', r'"Py" "Func"', "'Py' # so\n \"Func\"", r'"P\u0079Func"']
)
def test_an_operation_is_the_same_however_it_is_written(written: str) -> None:
    text = graph("Const", "PyFunc").replace('"PyFunc"', written)
    assert word(TEXT, text.encode()) is Verdict.DANGEROUS
    assert "PyFunc runs a function of Python" in said_of(text)


def test_a_list_of_messages_is_as_many_fields() -> None:
    text = f"node: [ {{ {node('Const')} }}, {{ {node('PyFunc')} }} ]"
    assert word(TEXT, text.encode()) is Verdict.DANGEROUS


def test_what_is_noted_stands_where_the_node_begins_in_the_text() -> None:
    text = graph("Const", "Const", "ReadFile")
    (seen,) = [each for each in judged(TEXT, text.encode()).observations if each.kind == "operation"]
    assert seen.offset is not None
    assert text[seen.offset :].startswith("node {")
    assert 'op: "ReadFile"' in text[seen.offset :]


def test_numbers_of_any_form_are_read_past() -> None:
    value = "value { f: -1.5e-3 i: -0x1F b: true list { f: [1e+9, -inf, .5, nan] } tensor { half_val: 1 [a.b/c]: 2 } }"
    assert (
        word(TEXT, graph("Const").replace("  input", f'  attr {{ key: "v" {value} }} input').encode())
        is Verdict.CLEAN
    )


def test_printing_into_a_file_and_what_keras_noted_count_in_text_too() -> None:
    where = 'attr { key: "output_stream" value { s: "file:///tmp/x" } }'
    assert word(TEXT, graph("PrintV2").replace("input", f"{where} input").encode()) is Verdict.DANGEROUS
    layer = {"class_name": "Lambda", "config": {"function": ["4wE=", None, None], "function_type": "lambda"}}
    objects = (
        f"object_graph_def {{ nodes {{ user_object {{ metadata: {json.dumps(json.dumps(layer))} }} }} }}"
    )
    assert word(TEXT, saved(graph("Const"), objects).encode()) is Verdict.DANGEROUS


@pytest.mark.parametrize(
    "text",
    [
        'item {\n  id: 1\n  name: "cat"\n}\n',
        'name: "net"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 8\n',
        'node {\n  calculator: "PassThrough"\n  input_stream: "in"\n}\n',
        'ir_version: 8 graph { node { op_type: "Add" } }',
        'model_checkpoint_path: "model.ckpt-1"\n',
        "node { this is no graph",
        "def node(): pass\n",
    ],
)
def test_texts_of_other_kinds_are_no_graphs(text: str) -> None:
    assert not claimed(TEXT, text.encode(), "config.pbtxt")


def test_remarks_hide_no_graph_in_a_file_that_is_named_as_one() -> None:
    raw = b"# nothing to see\n" * 1_000 + graph("PyFunc").encode()
    assert claimed(TEXT, raw, "graph.pbtxt")
    assert word(TEXT, raw) is Verdict.DANGEROUS
    dull = b"# labels\n" * 1_000 + b"item { id: 1 }"
    assert claimed(TEXT, dull, "labels.pbtxt")
    assert judged(TEXT, dull).kind == "other"


def test_messages_within_messages_without_end_are_malformed() -> None:
    raw = (graph("Const") + "library {" * 200_000).encode()
    assert word(TEXT, raw) is Verdict.DAMAGED


@given(
    st.lists(
        st.sampled_from(
            ["node", "{", "}", "[", "]", ":", '"op"', "op", "<", ">", ",", "-", "1", "#", "\n", "'"]
        )
    )
)
def test_any_words_end_in_a_judgement(words: list[str]) -> None:
    for begin in ('node { op: "Const" } ', "meta_graphs { graph_def { "):
        assert judged(TEXT, (begin + " ".join(words)).encode()).kind == "tf_text"


@given(st.binary())
def test_any_escapes_end(raw: bytes) -> None:
    assert len(unescaped(raw)) <= len(raw)
