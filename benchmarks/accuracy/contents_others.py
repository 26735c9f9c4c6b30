"""Makes the rest: code and its history, models, logs, captures, archives, and what is dull."""

# ruff: noqa: E501, PLC0415, B023, ARG001, ARG005 - texts and headers read best in one line

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import struct
import wave
import zlib
from collections.abc import Iterator
from pathlib import Path

from contents_corpus import (
    PLENTY,
    WORDS,
    Made,
    Workshop,
    named,
    prose,
    sentence,
)

CODE = {
    "py": 'import os\nfrom pathlib import Path\n\n\ndef {a}({b}: int) -> int:\n    """{s}"""\n    return {b} + 1\n',
    "js": "import {{ {a} }} from './{b}.js';\nconst {b} = 3;\nexport function {a}x(y) {{\n  return y + {b};\n}}\n", "go": 'package {a}\n\nimport "fmt"\n\nfunc {b}() {{\n\tfmt.Println("{s}")\n}}\n',
    "rs": "use std::io;\n\npub fn {a}({b}: u32) -> u32 {{\n    {b} + 1\n}}\n", "java": "package org.{a};\n\npublic class {b} {{\n    private int x = 1;\n}}\n", "c": "#include <stdio.h>\n#define {a} 1\nint {b}(void) {{ return {a}; }}\n",
    "cs": "using System;\nnamespace {a} {{\n    public class {b} {{ }}\n}}\n", "rb": "require 'json'\nmodule {a}\n  class {b}\n    def x; 1; end\n  end\nend\n", "php": "<?php\nnamespace {a};\nfunction {b}() {{ return 1; }}\n",
    "sh": '#!/bin/sh\nset -e\n{a}() {{\n  echo "{s}"\n}}\n{a}\n', "ts": "import {{ {a} }} from './x';\nexport const {b} = (y: number): number => y;\nexport function z() {{}}\n", "tf": 'resource "aws_s3_bucket" "{a}" {{\n  bucket = "{b}"\n}}\nvariable "x" {{}}\n',
}  # fmt: skip


def code(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n in range(2):
        for ending, text in CODE.items():
            body = "".join(
                text.format(a=rng.choice(WORDS), b=rng.choice(WORDS), s=sentence(rng))
                for _ in range(1 + 2 * n)
            )
            yield Made(
                "source_code",
                f"src/{rng.choice(WORDS)}.{ending}",
                body.encode(),
                "form",
                frozenset({"program"}),
            )
    if shop.have("git"):
        env = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b.invalid",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b.invalid",
        }
        for n in range(3):
            where = shop.folder / f"repo{n}"
            shop.run("git", "init", "-q", where)
            for k in range(4):
                shop.file(f"repo{n}/{k}.py", f"import os\nx = {k * n}\n".encode())
                shop.run("git", "-C", where, "add", ".")
                shop.run("git", "-C", where, "commit", "-qm", "x", env=env)
            shop.run("git", "-C", where, "remote", "add", "origin", f"https://git.invalid/{n}.git")
            shop.run("git", "-C", where, "bundle", "create", "-q", shop.folder / "b", "--all")
            shop.run("git", "-C", where, "repack", "-adq")
            yield Made("git_repository", named(rng, n, ("backup/repo.bundle",)), shop.read("b"), "tool")
            yield Made("git_repository", f"www{n}/.git/config", (where / ".git/config").read_bytes(), "tool")
            yield Made(
                "git_repository",
                named(rng, n, ("www/.git/index",)),
                (where / ".git/index").read_bytes(),
                "tool",
            )
            yield Made(
                "git_repository",
                named(rng, n, ("www/.git/objects/pack/pack-1.pack",)),
                next((where / ".git/objects/pack").glob("*.pack")).read_bytes(),
                "tool",
            )
            yield Made("git_repository", "www/.git/HEAD", (where / ".git/HEAD").read_bytes(), "tool")
    for name, text in (
        ("app/config", "[core]\nlevel=3\n"[7:]),
        ("x/PACK.txt", "PACK your things\n"),
        ("conf/HEAD", "ref"),
        ("doc/git.md", "# v2 of the git bundle\n" + prose(rng)),
        ("DIRC.txt", "DIRC\n"),
    ):
        yield Made("nothing", name, text.encode(), "form", frozenset({"source_code", "document"}))


def models(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n in range(4):
        header = json.dumps(
            {
                f"w{k}": {"dtype": "F32", "shape": [4, 4], "data_offsets": [64 * k, 64 * (k + 1)]}
                for k in range(n + 1)
            }
        ).encode()
        yield Made(
            "model",
            named(rng, n, ("m/model.safetensors",)),
            struct.pack("<Q", len(header)) + header + rng.randbytes(64 * (n + 1)),
            "form",
        )
        weights = {f"layer{k}": [rng.random() for _ in range(9)] for k in range(n + 1)}
        yield Made("model", named(rng, n, ("m/model.pkl",)), pickle.dumps(weights, protocol=2 + n), "tool")
        text = lambda value: struct.pack("<Q", len(value)) + value.encode()  # noqa: E731
        yield Made(
            "model",
            named(rng, n, ("m/model.gguf",)),
            b"GGUF"
            + struct.pack("<IQQ", 3, 0, 1)
            + text("general.architecture")
            + struct.pack("<I", 8)
            + text("llama")
            + bytes(64),
            "form",
        )
        try:
            import numpy as np

            out = io.BytesIO()
            np.savez(out, a=np.arange(9.0), b=np.ones(n + 1))
            yield Made("model", named(rng, n, ("m/weights.npz",)), out.getvalue(), "tool")
            out = io.BytesIO()
            np.save(out, np.arange(9.0))
            yield Made("model", named(rng, n, ("m/a.npy",)), out.getvalue(), "tool")
        except ImportError:
            shop.missing.add("numpy")
        try:
            import onnx

            node = onnx.helper.make_node("Relu", ["x"], ["y"])
            value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])  # noqa: E731
            graph = onnx.helper.make_graph([node], f"g{n}", [value("x")], [value("y")])
            yield Made(
                "model",
                named(rng, n, ("m/net.onnx",)),
                onnx.helper.make_model(graph).SerializeToString(),
                "tool",
            )
        except ImportError:
            shop.missing.add("onnx")
    for n in range(6):
        magic = (0x0A0D0DA7).to_bytes(4, "little")
        yield Made(
            "nothing",
            f"lib/__pycache__/m{n}.cpython-311.pyc",
            magic + bytes(4) + b"{" + rng.randbytes(900),
            "header",
            frozenset({"program"}),
        )
        yield Made(
            "nothing",
            f"locale/{n}.mo_",
            struct.pack("<II", 0x950412DE, 0) + b"{" + bytes(3) + rng.randbytes(900),
            "header",
        )
    for name, data in (
        ("doc/gguf.txt", b"GGUF files hold models.\n"),
        ("a.json", b'{"dtype": "F32", "data_offsets": [0, 1]}'),
        ("x.txt", b"PK is the mark of zip\n"),
        ("log.txt", b"cos\nsystem\nis what a pickle may hold\n"),
        ("b.txt", b"Linear\n"),
    ):
        yield Made("nothing", name, data, "form", frozenset({"document", "source_code"}))


def logs(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    stamp = lambda k: f"2024-03-{k % 28 + 1:02d} {k % 24:02d}:{k % 60:02d}:07"  # noqa: E731
    forms = (
        lambda k: f"{stamp(k)} INFO {sentence(rng)}", lambda k: f"{stamp(k).replace(' ', 'T')}.123Z [worker-{k}] WARN {sentence(rng)}", lambda k: f"Mar {k % 28 + 1:2d} 08:00:{k % 60:02d} host sshd[{k}]: {sentence(rng)}",
        lambda k: f'10.0.0.{k % 250} - - [01/Mar/2024:08:00:{k % 60:02d} +0000] "GET /{k} HTTP/1.1" 200 {k}', lambda k: json.dumps({"time": stamp(k), "level": "info", "msg": sentence(rng)}), lambda k: f"ERROR: {sentence(rng)}",
        lambda k: f"I0301 08:00:{k % 60:02d}.123456 {k} main.go:42] {sentence(rng)}", lambda k: f"[{k:5d}.{k % 10**6:06d}] usb {sentence(rng)}", lambda k: f"time={stamp(k).replace(' ', 'T')}Z level=info msg=x", lambda k: f"01/03/2024 08:00:{k % 60:02d} - {sentence(rng)}",
        lambda k: f"<34>1 2024-03-01T08:00:{k % 60:02d}Z host app - - - {sentence(rng)}", lambda k: f"17{k:08d}.123 {sentence(rng)}",
    )  # fmt: skip
    for n, form in enumerate(forms * 2):
        text = "\n".join(form(k) for k in range(rng.randrange(12, 200)))
        yield Made(
            "log",
            named(rng, n, ("var/log/app.log", "logs/x.log.1")),
            text.encode(),
            "form",
            frozenset({"dataset"}),
        )
    iis = (
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2024-03-01 08:00:00\n#Fields: date time cs-method\n"
        + "2024-03-01 08:00:00 GET\n" * 20
    )
    yield Made("log", "u_ex240301.log", iis.encode(), "form")
    yield Made("log", "System.evtx", b"ElfFile\0" + rng.randbytes(5000), "header")
    for n in range(PLENTY):
        big = n % 2 == 0
        order = ">" if big else "<"
        packets = b"".join(struct.pack(f"{order}IIII", k, 0, 60, 60) + rng.randbytes(60) for k in range(9))
        pcap = (
            struct.pack(f"{order}IHHiIII", (0xA1B2C3D4, 0xA1B23C4D)[n % 4 > 1], 2, 4, 0, 0, 65535, 1)
            + packets
        )

        def block(kind, body):
            return (
                struct.pack(f"{order}II", kind, len(body) + 12)
                + body
                + struct.pack(f"{order}I", len(body) + 12)
            )

        ng = block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(
            1, struct.pack(f"{order}HHI", 1, 0, 65535)
        )
        yield Made(
            "network_capture",
            named(rng, n, ("dump.pcap", "net/a.pcapng", "b.cap")),
            ng if n % 3 == 1 else pcap,
            "form",
        )
    for n, text in enumerate(
        (
            "2024 was a good year.\n2025 too.\n",
            "ERROR codes:\n1 none\n2 some\n",
            "10.0.0.1 is the gateway\n10.0.0.2 the printer\n",
            "Mar 3 is the day.\n" + prose(rng),
            "[section]\nlevel=3\n",
            "INFO desk opens at 8.\n" + prose(rng),
        )
    ):
        yield Made("nothing", f"doc/n{n}.txt", text.encode(), "form", frozenset({"document", "source_code"}))


def archives(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    files = {f"pkg/{k}.txt": prose(rng).encode() for k in range(6)}
    from contents_machines import pack

    for n in range(3):
        for form, ending in (
            ("zip", "zip"),
            ("tar", "tar"),
            ("tgz", "tar.gz"),
            ("tbz", "tar.bz2"),
            ("txz", "tar.xz"),
            ("7z", "7z"),
        ):
            yield Made("archive", named(rng, n, (f"a.{ending}",)), pack(files, form, shop.folder), "tool")
    for name, data in (("a.rar", b"Rar!\x1a\x07\1\0" + rng.randbytes(500)), ("b.rar", b"Rar!\x1a\x07\0" + rng.randbytes(500)), ("c.cab", b"MSCF\0\0\0\0" + rng.randbytes(500)), ("d.gz", gzip.compress(prose(rng).encode())),
                       ("e.xz", lzma.compress(prose(rng).encode()))):  # fmt: skip
        yield Made("archive", name, data, "header" if name[0] in "abc" else "tool", frozenset({"document"}))


def dull(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng

    def png(n: int) -> bytes:
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        rows = b"".join(b"\0" + rng.randbytes(3 * 8) for _ in range(8))
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b"")
        )

    def sound() -> bytes:
        out = io.BytesIO()
        with wave.open(out, "wb") as made:
            made.setnchannels(1)
            made.setsampwidth(2)
            made.setframerate(8000)
            made.writeframes(rng.randbytes(4000))
        return out.getvalue()

    for n in range(4):
        yield Made("image", named(rng, n, ("a.png",)), png(n), "form")
        yield Made("image", named(rng, n, ("a.gif",)), b"GIF89a" + rng.randbytes(200), "header")
        yield Made(
            "image", named(rng, n, ("a.jpg",)), b"\xff\xd8\xff\xe0\0\x10JFIF\0" + rng.randbytes(900), "header"
        )
        yield Made("audio", named(rng, n, ("a.wav",)), sound(), "tool")
        yield Made("audio", named(rng, n, ("a.mp3",)), b"ID3\3\0\0\0\0\0\x0a" + rng.randbytes(900), "header")
        yield Made("audio", named(rng, n, ("a.flac",)), b"fLaC\0\0\0\x22" + rng.randbytes(900), "header")
        yield Made(
            "video",
            named(rng, n, ("a.mp4",)),
            b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + rng.randbytes(900),
            "header",
        )
        yield Made("video", named(rng, n, ("a.mkv",)), b"\x1a\x45\xdf\xa3" + rng.randbytes(900), "header")
        yield Made(
            "video", named(rng, n, ("a.avi",)), b"RIFF\x00\x10\0\0AVI LIST" + rng.randbytes(900), "header"
        )
        yield Made("font", named(rng, n, ("a.woff2",)), b"wOF2\0\1\0\0" + rng.randbytes(900), "header")
        yield Made("font", named(rng, n, ("a.otf",)), b"OTTO\0\x0b" + rng.randbytes(900), "header")
        yield Made("font", named(rng, n, ("a.woff",)), b"wOFF\0\1\0\0" + rng.randbytes(900), "header")
        yield Made(
            "website",
            named(rng, n, ("www/index.html",)),
            f"<!DOCTYPE html>\n<html><head><title>{sentence(rng)}</title></head><body><p>{prose(rng)}</p></body></html>\n".encode(),
            "form",
        )
        yield Made(
            "website",
            named(rng, n, ("www/a.htm",)),
            f"<html>\n<body><h1>{sentence(rng)}</h1></body></html>\n".encode(),
            "form",
        )
        yield Made(
            "website",
            named(rng, n, ("www/b.html",)),
            f"<!-- {sentence(rng)} -->\n<html lang='en'><body>{prose(rng)}</body></html>\n".encode(),
            "form",
        )
    libraries = (
        sorted(Path("/usr/lib/x86_64-linux-gnu").glob("*.so.*"))[:200:20]
        if Path("/usr/lib/x86_64-linux-gnu").is_dir()
        else []
    )
    for n, path in enumerate((Path("/bin/ls"), Path("/bin/cat"), *libraries)):
        yield Made("program", named(rng, n, ("bin/tool", "lib/x.so")), path, "tool")
    for n in range(3):
        yield Made(
            "program",
            named(rng, n, ("setup.exe",)),
            b"MZ\x90\0" + rng.randbytes(60) + b"PE\0\0" + rng.randbytes(900),
            "header",
        )


MAKERS = (code, models, logs, archives, dull)
