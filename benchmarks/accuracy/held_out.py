"""Other people's suites, as data that nothing of ours was made for. They are never committed.

What a file of them is told by its name, as their authors name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

BENIGN, HARMFUL = "benign", "harmful"


def picklescan(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield files of mmaitre314/picklescan, `tests/data` and `tests/data2`."""
    benign = ("benign", "int_array", "object_array", "new_pytorch_model", "pytorch_model", "not_a_pickle")
    nothing = ("bad_pytorch.pt",)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parent.name in ("data", "data2") and path.name not in nothing:
            yield path, BENIGN if path.name.startswith(benign) else HARMFUL


def modelaudit(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield files of promptfoo/modelaudit, `tests/assets`, whose names or folders say what they are.

    Left out: what only holds text that looks like code or like a pickle, and that no loader runs; Jinja
    templates outside of a configuration; path traversal, licences.
    """
    unclear = (
        "decode_exec_chain",
        "malicious_model_realistic",
        "nested_pickle",
        "simple_nested",
        "path_traversal",
    )
    unclear += ("suspicious_config", "config_exploit.yaml", "multiple_templates", "malformed_template")
    for path in sorted((folder / "tests" / "assets").rglob("*")):
        parts = path.relative_to(folder).parts
        wanted = (
            path.suffix in {".pkl", ".pickle", ".pt", ".h5", ".pb", ".json"}
            and "license_scenarios" not in parts
        )
        if not path.is_file() or not wanted or path.stem.startswith(unclear) or "safetensors" in parts:
            continue
        name = "/".join(parts[2:])
        if any(word in name for word in ("safe", "benign", "no_template", "empty_template", "oversized")):
            yield path, BENIGN
        elif any(
            word in name for word in ("exploit", "attack", "malicious", "obfuscated", "evil", "dill_func")
        ):
            yield path, HARMFUL


SUITES = {"picklescan": picklescan, "modelaudit": modelaudit}
