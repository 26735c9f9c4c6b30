"""Accuracy on what stands in texts: secrets, and data of people, on files made from a seed.

    python benchmarks/accuracy/contents_texts.py               # 40 files a kind, 240 that hold nothing
    python benchmarks/accuracy/contents_texts.py --tree /usr   # every high and critical below a folder
    python benchmarks/accuracy/contents_texts.py --detect-secrets /path/to/bin/detect-secrets

The seed of the measurement is not the one that was used while the rules were made. A kind is told when an
observation of it is medium or worse; a file that holds nothing must have none.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import string
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tidegate.engine.texts import texts
from tidegate.inspectors.look import look
from tidegate.inspectors.personal.values import luhn
from tidegate.inspectors.readable import FileBytes
from tidegate.model.observation import Inspection
from tidegate.model.severity import Severity

FILES = 40
KINDS = ("secret", "personal_data", "payment_data", "health_data")
FIRST = "Anna Boris Chiara David Elif Fatima Goran Hanna Igor Jana Karim Lena Marek Nadia Omar Petra".split()
LAST = (
    "Albrecht Bianchi Costa Dubois Eriksen Fischer Garcia Horvat Ivanova Jansen Kowalski Lopez Meyer".split()
)
WORDS = "system request value update handler cache between after region storage report monthly total".split()
Made = tuple[str, bytes]


def text_of(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def token(rng: random.Random) -> str:
    mixed = string.ascii_letters + string.digits
    return rng.choice(
        [
            lambda: "ghp_" + text_of(rng, mixed, 36),
            lambda: "sk_live_" + text_of(rng, mixed, 24),
            lambda: "glpat-" + text_of(rng, mixed, 20),
            lambda: "npm_" + text_of(rng, mixed, 36),
            lambda: f"xoxb-{rng.randrange(10**11, 10**12)}-{rng.randrange(10**12, 10**13)}-" + text_of(rng, mixed, 24),
            lambda: f"postgres://app:{text_of(rng, mixed, 14)}@db{rng.randrange(99)}.contoso.net:5432/prod",
            lambda: "DefaultEndpointsProtocol=https;AccountName=contosofake;AccountKey="
            + base64.b64encode(rng.randbytes(64)).decode() + ";EndpointSuffix=core.windows.net",
            lambda: "AKIA" + text_of(rng, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
            + "," + base64.b64encode(rng.randbytes(30)).decode(),
        ]
    )()  # fmt: skip


def secret(rng: random.Random, n: int) -> Made:
    lines = [" ".join(rng.choices(WORDS, k=8)) for _ in range(rng.randrange(3, 60))]
    value = token(rng)
    line = rng.choice(['token: "{}"', "SECRET={}", "export KEY='{}'", 'const key = "{}";', "{}"]).format(
        value
    )
    lines.insert(rng.randrange(len(lines)), line)
    return f"deploy/notes{n}{rng.choice(['.conf', '.yaml', '.txt', '.js', '.log'])}", "\n".join(
        lines
    ).encode()


def person(rng: random.Random, n: int) -> dict[str, str]:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return {
        "id": str(n),
        rng.choice(["name"]): f"{first} {last}",
        "email": f"{first}.{last}{n}@mail{n % 7}.contoso.eu".lower(),
        "phone": f"+49 30 {rng.randrange(10**6, 10**7)}",
        "birth": f"{rng.randrange(1940, 2005)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
    }


HEADERS = (
    ("id", "full_name", "email", "phone", "date_of_birth"),
    ("nr", "Kundenname", "E-Mail", "Telefon", "Geburtsdatum"),
    ("id", "nombre", "correo", "movil", "fecha_nacimiento"),
    ("id", "nom", "courriel", "telephone", "dateDeNaissance"),
)


def written(rng: random.Random, rows: list[dict[str, str]], stem: str) -> Made:
    form = rng.choice(["csv", "csv;", "jsonl", "json", "sql"])
    if form.startswith("csv"):
        sign = form[3:] or ","
        return f"{stem}.csv", "\n".join(
            [sign.join(rows[0]), *(sign.join(row.values()) for row in rows)]
        ).encode()
    if form == "jsonl":
        return f"{stem}.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode()
    if form == "json":
        return f"{stem}.json", json.dumps(rows, indent=1).encode()
    values = ",\n".join("(" + ",".join(f"'{cell}'" for cell in row.values()) + ")" for row in rows)
    return (
        f"{stem}.sql",
        f"INSERT INTO `t` ({','.join(f'`{key}`' for key in rows[0])}) VALUES\n{values};\n".encode(),
    )


def personal(rng: random.Random, n: int) -> Made:
    header = rng.choice(HEADERS)
    rows = [
        dict(zip(header, person(rng, each).values(), strict=True)) for each in range(rng.randrange(30, 300))
    ]
    return written(rng, rows, f"crm/export{n}")


def payment(rng: random.Random, n: int) -> Made:
    def card() -> str:
        body = rng.choice(["4", "51", "37"])
        body += text_of(rng, string.digits, (14 if body == "37" else 15) - len(body))
        return next(body + end for end in string.digits if luhn(body + end))

    def iban() -> str:
        bban = text_of(rng, string.digits, 18)
        return f"DE{98 - int(bban + '131400') % 97:02d}{bban}"

    key, make = rng.choice([("card_number", card), ("Kreditkartennummer", card), ("iban", iban), ("x", iban)])
    return written(
        rng, [{"order": str(each), key: make()} for each in range(rng.randrange(20, 200))], f"shop/o{n}"
    )


def health(rng: random.Random, n: int) -> Made:
    keys = rng.choice([("patient_name", "diagnosis", "dob"), ("Patient", "Diagnose", "Geburtsdatum")])
    rows = []
    for each in range(rng.randrange(20, 200)):
        one = person(rng, each)
        rows.append(
            dict(
                zip(
                    keys,
                    (one["name"], f"{rng.choice('EFIJ')}{rng.randrange(10, 99)}.1", one["birth"]),
                    strict=True,
                )
            )
        )
    return written(rng, rows, f"ward/list{n}")


def nothing(rng: random.Random, n: int) -> Made:
    return rng.choice([log, lock, minified, encoded, sums, code])(rng, n)


def log(rng: random.Random, n: int) -> Made:
    lines = [
        f"2026-03-{rng.randrange(1, 29):02d}T10:00:00Z {'.'.join(str(rng.randrange(256)) for _ in range(4))} GET "
        f"/v1/items/{rng.randrange(10**15, 10**16)}?ts={rng.randrange(10**12, 10**13)} 200 {rng.randrange(10**5)}"
        for _ in range(400)
    ]
    return f"logs/access{n}.log", "\n".join(lines).encode()


def lock(rng: random.Random, n: int) -> Made:
    packages = {
        f"node_modules/p{each}": {
            "version": f"{each}.1.0",
            "integrity": "sha512-" + base64.b64encode(rng.randbytes(64)).decode(),
        }
        for each in range(200)
    }
    return f"web{n}/package-lock.json", json.dumps({"packages": packages}, indent=1).encode()


def minified(rng: random.Random, n: int) -> Made:
    body = ";".join(
        f"function {text_of(rng, string.ascii_lowercase, 2)}(t,e){{return t.password=e.{rng.choice(WORDS)}||{rng.randrange(10**9)}}}"
        for _ in range(500)
    )
    return f"static{n}/app.min.js", body.encode()


def encoded(rng: random.Random, n: int) -> Made:
    return f"data{n}/blob.txt", base64.encodebytes(rng.randbytes(20_000))


def sums(rng: random.Random, n: int) -> Made:
    return f"out{n}/SHA256SUMS", "".join(
        f"{hashlib.sha256(rng.randbytes(8)).hexdigest()}  f{each}\n" for each in range(300)
    ).encode()


def code(rng: random.Random, n: int) -> Made:
    lines = [
        f"def {rng.choice(WORDS)}_{each}(password, token=None):\n    password = os.environ['DB_PASSWORD']\n    return {rng.randrange(10**16)}"
        for each in range(100)
    ]
    return f"src{n}/mod.py", "\n".join(lines).encode()


MAKERS: dict[str, Callable[[random.Random, int], Made]] = {
    "secret": secret, "personal_data": personal, "payment_data": payment, "health_data": health,
}  # fmt: skip


def corpus(seed: int) -> Iterator[tuple[str, str, bytes]]:
    for kind, make in MAKERS.items():
        for n in range(FILES):
            yield kind, *make(random.Random(f"{seed}/{kind}/{n}"), n)
    for n in range(6 * FILES):
        yield "nothing", *nothing(random.Random(f"{seed}/nothing/{n}"), n)


def ours(path: Path, name: str) -> Inspection:
    with FileBytes(path) as data:
        return look(data, name, texts=texts(None))


def told(item: Inspection) -> set[str]:
    return {each.kind for each in item.observations if each.severity.rank >= Severity.MEDIUM.rank}


def measure(seed: int, peer: str | None) -> list[str]:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    peer_right = peer_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for index, (kind, name, data) in enumerate(corpus(seed)):
            path = Path(folder, f"{index}-{Path(name).name}")
            path.write_bytes(data)
            found = told(ours(path, name))
            right[kind] += kind in found
            # A table of cards or of patients names people too: that is no false alarm.
            for other in found.intersection(KINDS) - {kind}:
                if not (other == "personal_data" and kind in {"health_data", "payment_data"}):
                    wrong[other] += 1
                    print(f"wrong: {other} in {name} ({kind})")
            if kind != "nothing" and kind not in found:
                print(f"missed: {kind} in {name}")
            if peer and kind in {"secret", "nothing"}:
                # Outside a work tree of git it looks at nothing unless it is told to, from the file's folder.
                ran = subprocess.run(
                    [peer, "scan", "--all-files", path.name], cwd=folder, capture_output=True, check=True
                )
                seen = json.loads(ran.stdout)["results"]
                peer_right += bool(seen) and kind == "secret"
                peer_wrong += bool(seen) and kind == "nothing"
    lines = ["| kind | files | recall | precision |", "|---|--:|--:|--:|"]
    for kind in KINDS:
        lines.append(
            f"| {kind} | {FILES} | {right[kind] / FILES:.3f} | {right[kind] / max(1, right[kind] + wrong[kind]):.3f} |"
        )
    if peer:
        lines.append(
            f"| secret, detect-secrets | {FILES} | {peer_right / FILES:.3f} | {peer_right / max(1, peer_right + peer_wrong):.3f} |"
        )
    return lines


def tree(folder: str) -> None:
    count = size_bytes = 0
    began = time.process_time()
    for path in Path(folder).rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        count += 1
        size_bytes += path.stat().st_size
        for each in ours(path, str(path)).observations:
            if each.severity.rank >= Severity.HIGH.rank:
                print(f"{each.severity} {path} {each.inspector}: {each.summary}")
    print(
        f"{count:,} files, {size_bytes / 1e9:.2f} GB, {time.process_time() - began:.0f} s of processor time"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--tree")
    parser.add_argument("--detect-secrets")
    args = parser.parse_args()
    if args.tree:
        tree(args.tree)
    else:
        print("\n".join(measure(args.seed, args.detect_secrets)))
