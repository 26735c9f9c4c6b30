"""NVIDIA NeMo's `.nemo`: a tar of `model_config.yaml` and torch weights.

The configuration's `_target_` names are imported and called by Hydra (CVE-2025-23304).
"""

from __future__ import annotations

import re
from posixpath import normpath
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.pickles.names import Listed, danger, standing
from tidegate.inspectors.seam import Context, Judgement

_CONFIG: Final = "model_config.yaml"
_LOADER: Final = "nemo restore_from"
_MOST_BYTES: Final = 16 << 20
_TARGET: Final = re.compile(r"""_target_["']?\s*:(?:\s*\#[^\r\n]*)?\s*([^\s,}\]#][^\r\n,}\]]*)""")
_NAME: Final = re.compile(r"""(["']?)([A-Za-z_][\w.]*)\1(?:\s+\#.*)?""")
_HIDDEN: Final = re.compile(
    r"""\\x[2-7][0-9A-Fa-f]|\\u00[2-7][0-9A-Fa-f]|\\U000000[2-7][0-9A-Fa-f]|&\w+\s+["']?_target_"""
    r"""|"[^"\r\n:]{0,200}\\\r?\n[^"\r\n]{0,200}"\s*:"""
)
"""Escapes for ASCII, which nothing writes; an anchor on the word; a key of two lines."""
_TAG: Final = re.compile(r"!!?python/\S{0,200}|!<[^>]{0,200}python[^>]{0,200}>|%TAG[^\r\n]{0,200}")
_OWN: Final = re.compile(r"nemo(?:\.[a-z]\w*)+\.[A-Z]\w*\Z")
"""A class of NeMo itself, which is what a configuration names."""


class Nemo:
    """Judges the names that the configuration would have called; weights are judged as what they are."""

    id = "nemo"
    order = 20

    def fits(self, archive: Archive) -> bool:
        """Tell it by its configuration."""
        return any(_is_config(member.name) for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge the configuration."""
        laid = Laid(Judgement(self.id))
        notes = Notes(self.id, loader=_LOADER)
        notes.can_run()
        for member in archive.members:
            if not _is_config(member.name):
                continue
            with archive.open(member) as opened:
                if opened.size_bytes > _MOST_BYTES:
                    notes.incomplete(f"its configuration has {opened.size_bytes:,} bytes")
                text = _text(opened.read(0, min(opened.size_bytes, _MOST_BYTES)))
            _config(text, notes, context.policy)
            archive.settle(member, model=True)
            laid.taken.add(member)
        absorb(laid.judgement, notes.done())
        return laid


def _is_config(name: str) -> bool:
    """Tell the configuration by the name that it has once it is unpacked."""
    return normpath(name) == _CONFIG


def _text(raw: bytes) -> str:
    """Decode as readers of YAML do: by the mark at the beginning."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    return raw.decode("utf-8", "replace")


def _config(text: str, notes: Notes, policy: frozenset[str]) -> None:
    """Judge the names that are called, and what would hide one from who reads line by line."""
    targets = set()
    for found in _TARGET.finditer(text):
        value = found[1].strip()
        plain = _NAME.fullmatch(value)
        if plain is not None:
            targets.add(plain[2])
        else:
            summary = f"on load, calls a name that is put together, or stands elsewhere: {quoted(value)}"
            notes.unlisted("unlisted_global", summary)
    for target in sorted(targets):
        _target(target, notes, policy)
    if _HIDDEN.search(text):
        notes.unlisted(
            "hidden_key", "spells letters of its keys or values by escapes, or names them elsewhere"
        )
    tag = _TAG.search(text)
    if tag is not None:
        notes.unlisted("yaml_tag", f"reading it makes an object of Python: {quoted(tag[0])}")


def _target(target: str, notes: Notes, policy: frozenset[str]) -> None:
    module, _, name = target.rpartition(".")
    known = standing(module, name, policy)
    # Here any of them is called, with what the configuration says: a shape is not looked at.
    called = isinstance(known, Listed) and known.use == "make" and known.shape == Listed("make").shape
    sink = danger(module, name) if isinstance(known, Listed) else known
    if sink is not None and not called:
        notes.sink("call", f"on load, calls {quoted(target)}, which {sink.does}")
    elif not called and not _OWN.match(target):
        what = "is on no list" if known is None else "is listed for other arguments"
        notes.unlisted("unlisted_global", f"on load, calls {quoted(target)}, which {what}")


PLUGIN = Nemo()
