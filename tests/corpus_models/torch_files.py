"""Torch files, new and old, with a call where torch finds it and a scanner may not."""

from __future__ import annotations

import sys

from corpus_models.assemble import COMMAND, POP, Code, call, long_text, push, shell, stream
from corpus_models.model import Want, add
from corpus_models.packed import (
    legacy_tensor,
    tarred,
    torch_legacy,
)
from corpus_models.zips import (
    BZIP2,
    DEFLATED,
    LZMA,
    Entry,
    state_dict,
    tensor,
    torch_entries,
    torch_zip,
    zipped,
)

if sys.version_info >= (3, 14):
    pass
else:
    pass

GROUP = "containers"
TORCH = "torch.load(weights_only=False)"
CALL = call("os.system", Code(long_text(COMMAND)))
DATA = stream(b"}", long_text("w"), tensor(), b"s", CALL, POP, protocol=2)
"""A state dict, and a command beside it."""


def _torch(
    id_: str,
    what: str,
    data: bytes,
    source: str,
    *,
    name: str = "model.pt",
    want: Want = Want.DANGEROUS,
    loader: str = TORCH,
) -> None:
    add(id_, GROUP, what, source, data, name=name, want=want, loader=loader)


def _with(**changed: object) -> bytes:
    """Return a torch zip whose `data.pkl` is told with these lies."""
    first, *others = torch_entries(DATA)
    return zipped([Entry(**{"name": first.name, "data": first.data} | changed), *others])  # type: ignore[arg-type]


_torch("torch-zip", "torch zip", torch_zip(DATA), "torch serialization.py")
_torch("torch-zip-deflated", "torch zip with a deflated data.pkl", _with(method=DEFLATED), "ours")
_torch(
    "torch-zip-bzip2",
    "torch zip with a bzip2 data.pkl, which torch refuses and others read",
    _with(method=BZIP2),
    "ours",
)
_torch("torch-zip-lzma", "the same with LZMA", _with(method=LZMA), "ours")
_torch(
    "torch-zip-local-name",
    "local header with another name",
    _with(local_name="archive/notes.txt"),
    "CVE-2025-1944",
)
_torch(
    "torch-zip-central-name",
    "the directory with another name, the local header with the real one",
    _with(name="archive/notes.txt", local_name="archive/data.pkl"),
    "CVE-2025-1944",
)
_torch(
    "torch-zip-encrypted-bit",
    "encrypted bit in the local header alone",
    _with(local_flags=1),
    "CVE-2025-1945",
)
_torch(
    "torch-zip-encrypted-both",
    "encrypted bit in both, data in plain",
    _with(local_flags=1, flags=1),
    "CVE-2025-1945",
)
_torch(
    "torch-zip-patched-bit",
    "bit 0x20, compressed patched data",
    _with(local_flags=0x20, flags=0x20),
    "CVE-2025-1945",
)
_torch(
    "torch-zip-strong-bit",
    "bit 0x40, strong encryption",
    _with(local_flags=0x40, flags=0x40),
    "CVE-2025-1945",
)
_torch("torch-zip-crc", "wrong CRC", _with(crc=0x12345678), "CVE-2025-10156")
_torch(
    "torch-zip-size",
    "a size that is not the member's",
    _with(size=4, method=DEFLATED),
    "ours",
    want=Want.ALARM,
)
_torch("torch-zip-upper", "DATA.PKL", torch_zip(DATA).replace(b"data.pkl", b"DATA.PKL"), "ours")
_torch("torch-zip-mixed", "Data.Pkl", torch_zip(DATA).replace(b"data.pkl", b"Data.Pkl"), "ours")
_torch(
    "torch-zip-twice",
    "two data.pkl, the last wins",
    zipped([*torch_entries(state_dict()), Entry(name="archive/data.pkl", data=DATA)]),
    "ours",
)
_torch(
    "torch-zip-twice-first",
    "two data.pkl, the first is the bad one",
    zipped([Entry(name="archive/data.pkl", data=DATA), *torch_entries(state_dict())]),
    "ours",
)
_torch("torch-zip-trailing", "100 bytes behind the archive", torch_zip(DATA) + bytes(100), "ours")
_torch(
    "torch-zip-comment",
    "an archive comment that holds an end record",
    zipped(torch_entries(DATA), comment=b"PK\5\6" + bytes(18)),
    "ours",
)
_torch(
    "torch-zip-prefix",
    "a script before the archive",
    zipped(torch_entries(DATA), before=b"#!/bin/sh\n" * 7, shifted=True),
    "polyglot literature",
)
_torch(
    "torch-zip-second-archive",
    "another archive appended, whose directory counts",
    torch_zip(state_dict()) + zipped(torch_entries(DATA), shifted=False),
    "ours",
)
_torch(
    "torch-zip-foreign-suffix", "a torch zip called .txt", torch_zip(DATA), "CVE-2025-1889", name="notes.txt"
)
_torch(
    "torch-zip-no-suffix", "a torch zip without a suffix", torch_zip(DATA), "CVE-2025-10155", name="weights"
)
_torch(
    "torch-zip-bin", "a torch zip called .bin", torch_zip(DATA), "CVE-2025-10155", name="pytorch_model.bin"
)
_torch(
    "torch-zip-other-member",
    "an innocent data.pkl, and a pickle as a member called .pkl",
    torch_zip(state_dict(), **{"assets__more.pkl": shell()}),
    "ours",
)
_torch(
    "torchscript-constants",
    "TorchScript with the call in constants.pkl",
    torch_zip(state_dict(), **{"constants.pkl": shell(2), "code__x.py": b"class Module(Module):\n  pass\n"}),
    "torch serialization.py",
    loader="torch.jit.load",
)
_torch(
    "torch-zip-called-safetensors",
    "a torch zip called .safetensors",
    torch_zip(DATA),
    "CVE-2025-1889",
    name="model.safetensors",
)
_torch(
    "torch-absurd-stride",
    "listed names only, a stride far beyond the storage",
    torch_zip(stream(push({"w": tensor(stride=(1 << 40, 1))}, old=True), protocol=2)),
    "CVE-2026-24747, ours",
    want=Want.ALARM,
    loader="torch.load",
)
_torch(
    "torch-absurd-offset",
    "listed names only, an offset far beyond the storage",
    torch_zip(stream(push({"w": tensor(offset=1 << 50)}, old=True), protocol=2)),
    "CVE-2026-24747, ours",
    want=Want.ALARM,
    loader="torch.load",
)
_torch(
    "torch-absurd-numel",
    "listed names only, more elements than the storage has bytes",
    torch_zip(stream(push({"w": tensor(numel=1 << 33, shape=(1 << 17, 1 << 16))}, old=True), protocol=2)),
    "CVE-2026-24747, ours",
    want=Want.ALARM,
    loader="torch.load",
)
_torch(
    "pt2-archive",
    ".pt2 with a pickle among its constants",
    zipped(
        [
            Entry(name="m/archive_format", data=b"pt2"),
            Entry(name="m/data/constants/model_constants_config.json", data=b"{}"),
            Entry(name="m/data/weights/model.pt", data=torch_zip(DATA)),
        ]
    ),
    "ours",
    name="model.pt2",
    loader="torch.export.load",
)

_OBJECT = stream(b"}", long_text("w"), legacy_tensor(), b"s", CALL, POP, protocol=2)
_KEYS = stream(CALL, POP, b"]", long_text("0"), b"a", protocol=2)
_CLEAN_OBJECT = stream(push({"w": legacy_tensor()}, old=True), protocol=2)
_STORAGE = (bytes(16),)
_torch(
    "torch-legacy-object",
    "legacy torch file, call in the object pickle",
    torch_legacy(_OBJECT, storages=_STORAGE),
    "torch _legacy_load",
    name="model.ckpt",
)
_torch(
    "torch-legacy-keys",
    "legacy torch file, call in the keys pickle",
    torch_legacy(_CLEAN_OBJECT, keys_pickle=_KEYS, storages=_STORAGE),
    "torch _legacy_load",
    name="model.ckpt",
)
_torch(
    "torch-legacy-magic",
    "legacy torch file whose magic number is what a call gives",
    torch_legacy(
        _CLEAN_OBJECT,
        magic=stream(CALL, POP, b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", protocol=2),
        storages=_STORAGE,
    ),
    "GHSA-jgw4-cr84-mqxg",
    name="model.pth",
)
_torch(
    "torch-legacy-magic-text",
    "legacy magic number spelled in hexadecimal LONG",
    torch_legacy(_OBJECT, magic=b"\x80\x02L0x1950a86a20f9469cfc6cL\n.", storages=_STORAGE),
    "GHSA-jgw4-cr84-mqxg",
    name="model.pth",
)
_torch(
    "torch-legacy-behind",
    "a pickle behind the storages of a legacy file",
    torch_legacy(_CLEAN_OBJECT, storages=_STORAGE) + shell(2),
    "ours",
    name="model.ckpt",
    want=Want.ALARM,
)
_torch(
    "torch-legacy-module",
    "a legacy persistent id of type module",
    torch_legacy(
        stream(push(("module", Code(b"cacme_nets\nNet\n"), "net.py", "import os")), b"Q", protocol=2)
    ),
    "torch _legacy_load",
    name="model.ckpt",
    want=Want.ALARM,
)
_torch(
    "torch-tar",
    "torch 0.1 tar, call in `pickle`",
    tarred(
        {
            "sys_info": stream(push({}, old=True), protocol=2),
            "pickle": shell(2),
            "tensors": stream(push(0), protocol=2),
            "storages": stream(push(0), protocol=2),
        }
    ),
    "torch legacy_load",
    name="model.pt",
)
_torch(
    "torch-tar-storages",
    "torch 0.1 tar, call in `storages`",
    tarred(
        {
            "sys_info": stream(push({}, old=True), protocol=2),
            "pickle": stream(push({}, old=True), protocol=2),
            "tensors": stream(push(0), protocol=2),
            "storages": shell(2),
        }
    ),
    "torch legacy_load",
    name="model.pt",
)
_torch(
    "pickle-then-zip",
    "a raw pickle with a torch zip behind it: unpickled before torch notices",
    shell(2) + torch_zip(state_dict()),
    "modelaudit, fickling tests",
)
_torch("raw-as-ckpt", "a raw pickle called .ckpt", shell(2), "CVE-2025-10155", name="model.ckpt")
_torch(
    "raw-as-text",
    "a pickle of protocol 0 called .txt",
    b"cos\nsystem\n(S'" + COMMAND.encode() + b"'\ntR.",
    "CVE-2025-1889",
    name="readme.txt",
    loader="pickle.load",
)
_torch(
    "raw-as-safetensors",
    "a raw pickle called .safetensors",
    shell(2),
    "CVE-2025-1889",
    name="model.safetensors",
    loader="pickle.load",
)
_torch(
    "raw-as-png",
    "a raw pickle called .png",
    shell(2),
    "CVE-2025-10155",
    name="logo.png",
    loader="pickle.load",
)
_torch(
    "paddle",
    "Paddle's .pdparams, a raw pickle",
    stream(push({"w": call("os.system", COMMAND)})),
    "ours",
    name="model.pdparams",
    loader="paddle.load",
)
