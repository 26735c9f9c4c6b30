"""Chat templates that reach out of their sandbox, in GGUF and in tokenizer configurations, and remote code."""

from __future__ import annotations

import json
import struct

from corpus_models.model import Want, add_format
from corpus_models.wire import gguf, gguf_tensor

_INJECTED = "{{ cycler.__init__.__globals__.os.popen('echo tidegate-sample').read() }}"
_SUBCLASSES = "{% for c in ''.__class__.__mro__[1].__subclasses__() %}{{ c }}{% endfor %}"
_FILTERED = "{{ messages|attr('__class__')|attr('__init__')|attr('__glo'~'bals__') }}"
_LLAMA = {"general.architecture": "llama", "general.name": "m", "llama.block_count": 1}
add_format(
    "gguf-template",
    "GGUF: chat template that reaches the system",
    gguf(_LLAMA | {"tokenizer.chat_template": _INJECTED}),
    "CVE-2024-34359",
    "model.gguf",
    "llama_cpp.Llama",
)
add_format(
    "gguf-template-second",
    "GGUF: a secondary template",
    gguf(
        _LLAMA
        | {"tokenizer.chat_template": "{{ messages }}", "tokenizer.chat_template.tool_use": _SUBCLASSES}
    ),
    "CVE-2024-34359",
    "model.gguf",
    "llama_cpp.Llama",
)
add_format(
    "gguf-template-far",
    "GGUF: a template behind 20,000 tokens",
    gguf(
        _LLAMA
        | {"tokenizer.ggml.tokens": [f"t{n}" for n in range(20_000)], "tokenizer.chat_template": _INJECTED}
    ),
    "ours",
    "model.gguf",
    "llama_cpp.Llama",
)
add_format(
    "gguf-count",
    "GGUF: 2^60 key-value pairs",
    gguf(_LLAMA, count=1 << 60),
    "ours",
    "model.gguf",
    "llama.cpp",
    Want.ALARM,
)
add_format(
    "gguf-tensor-count",
    "GGUF: 2^60 tensors",
    gguf(_LLAMA, tensors=1 << 60),
    "ours",
    "model.gguf",
    "llama.cpp",
    Want.ALARM,
)
add_format(
    "gguf-array",
    "GGUF: an array of 2^62 numbers",
    gguf(_LLAMA | {"a": struct.pack("<IIQ", 9, 4, 1 << 62)}),
    "ours",
    "model.gguf",
    "llama.cpp",
    Want.ALARM,
)
add_format(
    "gguf-tensor-outside",
    "GGUF: a tensor beyond the file",
    gguf(_LLAMA, tensors=1, tensor_info=gguf_tensor("w", (1 << 20, 1 << 20))),
    "ours",
    "model.gguf",
    "llama.cpp",
    Want.ALARM,
)
for _id, _template in (
    ("globals", _INJECTED),
    ("subclasses", _SUBCLASSES),
    ("filters", _FILTERED),
    ("lipsum", "{{ lipsum.__globals__['os'].popen('echo').read() }}"),
    ("hex", "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}"),
    ("joined", "{% set u='_'*2 %}{{ ''[u+'class'+u] }}"),
    ("namespace", "{{ self.__init__.__globals__.__builtins__.__import__('os').popen('id') }}"),
):
    add_format(
        f"tokenizer-{_id}",
        "tokenizer_config.json: chat template that reaches out of its sandbox",
        json.dumps({"tokenizer_class": "LlamaTokenizer", "chat_template": _template}).encode(),
        "CVE-2024-34359",
        "tokenizer_config.json",
        "tokenizer.apply_chat_template",
        Want.ALARM,
    )
add_format(
    "tokenizer-named",
    "tokenizer_config.json: one of several named templates",
    json.dumps(
        {
            "tokenizer_class": "LlamaTokenizer",
            "chat_template": [
                {"name": "default", "template": "{{ messages }}"},
                {"name": "tool_use", "template": _INJECTED},
            ],
        }
    ).encode(),
    "ours",
    "tokenizer_config.json",
    "tokenizer.apply_chat_template",
    Want.ALARM,
)
add_format(
    "auto-map",
    "config.json: code of the repository through auto_map",
    json.dumps(
        {
            "architectures": ["AcmeModel"],
            "model_type": "acme",
            "auto_map": {"AutoModel": "modeling_acme.AcmeModel"},
        }
    ).encode(),
    "transformers documentation",
    "config.json",
    "from_pretrained(trust_remote_code=True)",
    Want.ALARM,
)
add_format(
    "auto-map-remote",
    "config.json: code of another repository",
    json.dumps(
        {"model_type": "acme", "auto_map": {"AutoModel": "acme/other--modeling_acme.AcmeModel"}}
    ).encode(),
    "transformers documentation",
    "config.json",
    "from_pretrained(trust_remote_code=True)",
    Want.ALARM,
)

for _id, _template in {
    "characters": "{% set k = '%c%cclass%c%c'|format(95, 95, 95, 95) %}{{ messages[k] }}",
    "character-of-text": "{% set u = (messages|select|string)[24] %}{% set k = u~u~'class'~u~u %}{{ messages[k] }}",
}.items():
    add_format(
        f"template-{_id}",
        f"a template that puts an attribute's name together from characters: {_id}",
        gguf(_LLAMA | {"tokenizer.chat_template": _template}),
        "ours",
        "model.gguf",
        "llama_cpp.Llama",
        Want.ALARM,
    )
