"""What stands beside a model and decides what runs: configurations, templates, environments."""

from __future__ import annotations

import json

import pytest
from formats import claimed, judged, said, word

from tidegate.inspectors.models import chat_template, hub_config, mlflow
from tidegate.inspectors.readable import Memory
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Evidence, Verdict

HUB, FLOW = hub_config.PLUGIN, mlflow.PLUGIN


def config(**entries: object) -> bytes:
    return json.dumps({"model_type": "llama", **entries}).encode()


def test_a_usual_configuration_is_inert_and_a_usual_template_clean() -> None:
    usual = config(architectures=["LlamaForCausalLM"], torch_dtype="bfloat16", _name_or_path="/home/me/model")
    assert claimed(HUB, usual, "config.json")
    assert word(HUB, usual) is Verdict.INERT
    templates = [{"name": "default", "template": "{{ messages[0].content }}"}]
    assert word(HUB, config(chat_template=templates)) is Verdict.CLEAN


@pytest.mark.parametrize(
    "entries",
    [
        {"auto_map": {"AutoConfig": "configuration_x.XConfig"}},
        {"auto_map": {"AutoTokenizer": ["tokenization_x.X", None]}},
        {"auto_map": {"AutoModel": "someone/else--modeling_x.X"}},
        {"trust_remote_code": True},
        {"custom_pipeline": "someone/pipeline"},
        {"base_model_name_or_path": "../../secret"},
        {"base_model_name_or_path": "\\\\host\\share"},
        {"attn_implementation": "someone/kernels"},
        {"_class_name": "X", "unet": ["my_unet", "Net"]},
        {"text_config": {"auto_map": {"AutoConfig": "a.B"}}},
    ],
)
def test_code_of_its_own_is_unknown(entries: dict[str, object]) -> None:
    assert word(HUB, config(**entries)) is Verdict.UNKNOWN


def test_remote_code_says_which_file_and_which_loader() -> None:
    judgement = judged(HUB, config(auto_map={"AutoModel": "modeling_x.X"}))
    assert "'modeling_x.py' beside it" in judgement.observations[0].summary
    assert judgement.observations[0].loader == "from_pretrained(trust_remote_code=True)"


@pytest.mark.parametrize(
    "entries",
    [
        {"chat_template": "{{ ''.__class__.__base__.__subclasses__() }}"},
        {"chat_template": [{"name": "tool", "template": "{{ x.__init__.__globals__ }}"}]},
        {"chat_template": {"a": "{{ x.__init__ }}"}},
        {"prompt_template": "{{ cycler.__init__.__globals__.os.popen('echo x') }}"},
        {"weight_map": {"a": "../../model.safetensors"}},
    ],
)
def test_templates_that_reach_out_and_weights_elsewhere_are_dangerous(entries: dict[str, object]) -> None:
    assert word(HUB, config(**entries)) is Verdict.DANGEROUS


@pytest.mark.parametrize(
    ("template", "verdict"),
    [
        ("{% set u='_'*2 %}{{ ''[u+'class'+u] }}", Verdict.UNKNOWN),
        ("{% set u='_' %}{{ x[u ~ u ~ 'class' ~ u ~ u] }}", Verdict.UNKNOWN),
        ("{% set u='__' %}{% set k=u+'class'+u %}{{ x[k] }}", Verdict.UNKNOWN),
        (
            "{% for m in messages %}{{ messages[loop.index0 - 1]['role'] | replace('_', ' ') }}{% endfor %}",
            Verdict.CLEAN,
        ),
        ("{{ tool['name'] ~ '_' ~ loop.index }}{{ names[role] }}", Verdict.CLEAN),
        ("{{ x['a' + key] }}", Verdict.CLEAN),
    ],
)
def test_keys_that_are_put_together_with_underscores_are_unknown(template: str, verdict: Verdict) -> None:
    assert word(HUB, config(chat_template=template)) is verdict


def test_modules_of_sentence_transformers_are_classes_by_name() -> None:
    own = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    other = [{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}]
    assert claimed(HUB, json.dumps(own).encode(), "modules.json")
    assert word(HUB, json.dumps(own).encode()) is Verdict.INERT
    assert word(HUB, json.dumps(other).encode()) is Verdict.UNKNOWN


def test_a_key_that_stands_twice_and_json_cut_off_are_damaged() -> None:
    assert word(HUB, b'{"model_type": "a", "auto_map": 1, "auto_map": {}}') is Verdict.DAMAGED
    assert word(HUB, config()[:-1]) is Verdict.DAMAGED


def test_a_template_in_a_file_of_its_own_is_judged() -> None:
    plugin = chat_template.PLUGIN
    assert claimed(plugin, b"{{ x }}", "a/chat_template.jinja")
    assert claimed(plugin, b"chat_template: '{{ x.__class__ }}'", "config.yaml")
    assert not claimed(plugin, b"{{ x }}", "page.html")
    assert not claimed(plugin, b"image: {{ .Values.image }}", "deployment.yaml")
    assert word(plugin, b"{% for m in messages %}{{ m.content }}{% endfor %}") is Verdict.CLEAN
    assert word(plugin, b"{{ x.__class__ }}") is Verdict.DANGEROUS


def flavour(extra: str = "", module: str = "mlflow.sklearn") -> bytes:
    return f"""artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
    loader_module: {module}
{extra}
  sklearn:
    pickled_model: model.pkl
    sklearn_version: 1.5.0
mlflow_version: 2.14.0
""".encode()


def test_a_usual_mlflow_model_is_clean() -> None:
    assert claimed(FLOW, flavour(), "run/MLmodel")
    beside = {
        "requirements.txt": b"mlflow==2.14.0\nscikit-learn==1.5.0\n",
        "conda.yaml": b"channels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip:\n  - mlflow==2.14.0\n",
    }
    assert word(FLOW, flavour(), "MLmodel", beside) is Verdict.CLEAN, said(FLOW, flavour(), "MLmodel", beside)


@pytest.mark.parametrize(
    ("extra", "module", "verdict"),
    [
        ("", "my_loader", Verdict.UNKNOWN),
        ("    code: code", "mlflow.pyfunc.model", Verdict.UNKNOWN),
        ("    model_code_path: train.py", "mlflow.pyfunc.model", Verdict.UNKNOWN),
        ("    python_model: ../../x.pkl", "mlflow.pyfunc.model", Verdict.DANGEROUS),
        ("    x: !!python/object/apply:os.system ['echo x']", "mlflow.sklearn", Verdict.DANGEROUS),
    ],
)
def test_an_mlflow_model_that_brings_its_own_loader_is_not_clean(
    extra: str, module: str, verdict: Verdict
) -> None:
    assert word(FLOW, flavour(extra, module)) is verdict


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://packages.example/simple",
        "-i http://packages.example/simple",
        "x @ git+https://git.example/x.git",
        "https://files.example/x.whl",
        "- --find-links=./wheels",
    ],
)
def test_an_environment_that_installs_from_elsewhere_is_unknown(line: str) -> None:
    for name in ("requirements.txt", "conda.yaml"):
        assert word(FLOW, flavour(), "MLmodel", {name: line.encode()}) is Verdict.UNKNOWN


def test_a_password_in_an_address_is_not_repeated() -> None:
    beside = {"requirements.txt": b"--index-url https://user:hunter2@packages.example/simple\n"}
    assert "hunter2" not in said(FLOW, flavour(), "MLmodel", beside)


def test_the_pickle_that_mlflow_loads_is_judged_with_it() -> None:
    found = Judgement("pickle", evidence=Evidence.SINK)
    file = Memory(b"...")
    context = Context(
        0, inside=lambda _, __: found, siblings=lambda name: file if name == "model.pkl" else None
    )
    assert FLOW.judge(Memory(flavour()), "MLmodel", context).evidence is Evidence.SINK
