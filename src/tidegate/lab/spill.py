"""What lies in the replay's account: models that were meant to be public, and what was not. All made up."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tidegate.lab import ext4, profile
from tidegate.lab.repository import MODEL

MIB = 1 << 20
KEYS = 4
WORKSTATIONS = 2
SLACK_MESSAGES = 24_000
GRAPH_MESSAGES = 6_000
CONVERSATIONS = 40
CHAT_MESSAGES = 1_200
"""In the store of Teams on each workstation."""
LOGINS = 14
"""Saved in the browser of each workstation."""
PICKLES = 3
SAFETENSORS = 2
_DATA_FILES, _DATA_BYTES = 24, 8 * MIB


def files(seed: int = 1) -> dict[str, bytes]:
    """Return `container/name` -> bytes, about 290 MB, equal for equal seeds."""
    luck = random.Random(seed)  # noqa: S311 - made-up data
    made = {MODEL: _torch(luck, 4 * MIB)}
    for depth in (18, 34):
        made[f"models/resnet{depth}_l2_eps3.pt"] = _torch(luck, 2 * MIB)
    for size in ("small", "base"):
        made[f"models/vit_{size}.safetensors"] = _safetensors(luck, 4 * MIB)
    made["team/exports/slack-export-2022-11-04.zip"] = _slack()
    made["team/exports/teams-chats.json"] = _graph()
    for number in range(KEYS):
        made[f"backups/home/m.example/.ssh/id_ed25519_{number}"] = _private_key(luck)
    made["backups/home/m.example/.env"] = b"DB_HOST=db.research.example\nDB_PASSWORD=quiet-Otter-made-up-41\n"
    rows = "".join(f"{n}\tperson{n}@mail.example\tmade-up\n" for n in range(2000))
    made["backups/db/portal-2022-10-01.sql"] = (
        "--\n-- PostgreSQL database dump\n--\n\n"
        "CREATE TABLE public.users (id integer, email text, note text);"
        f"\n\nCOPY public.users (id, email, note) FROM stdin;\n{rows}\\.\n\n"
        "--\n-- PostgreSQL database dump complete\n--\n"
    ).encode()
    for number in range(WORKSTATIONS):
        made[f"backups/workstations/ws-041{number}.vhd"] = _workstation(luck)
    for number in range(_DATA_FILES):
        made[f"datasets/shards/part-{number:05}.dat"] = luck.randbytes(_DATA_BYTES)
    return made


def _workstation(luck: random.Random) -> bytes:
    """Return a copy of a workstation's disk: one person's profile, with what programs keep in it."""
    home = "home/m.example"
    teams = (
        f"{home}/.config/Microsoft/Microsoft Teams/IndexedDB/https_teams.microsoft.com_0.indexeddb.leveldb"
    )
    chats = profile.teams(CONVERSATIONS, CHAT_MESSAGES // CONVERSATIONS, people=30)
    files = {
        "etc/hostname": b"ws-0417\n",
        "etc/passwd": b"root:x:0:0::/root:/bin/sh\nm.example:x:1000:1000::/home/m.example:/bin/sh\n",
        f"{home}/.ssh/id_ed25519": _private_key(luck),
        f"{home}/.ssh/known_hosts": b"host.research.example ssh-ed25519 AAAA\n",
        f"{home}/.bash_history": b"cd models\nmysql -u portal -pquiet-Heron-made-up-7 portal\nls\n",
        f"{home}/.env": b"DB_HOST=db.research.example\nDB_PASSWORD=quiet-Stork-made-up-12\n",
        f"{home}/.config/google-chrome/Default/Login Data": profile.logins(luck, LOGINS),
        **{f"{teams}/{name}": data for name, data in chats.items()},
        f"{home}/Documents/notes.bin": luck.randbytes(8 * MIB),
    }
    return ext4.fixed_vhd(ext4.image(files, 32 * MIB))


def _private_key(luck: random.Random) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(luck.randbytes(32))
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def _torch(luck: random.Random, size_bytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("archive/data.pkl", pickle.dumps({"epoch": 90, "eps": 3.0}, protocol=2))
        made.writestr("archive/version", "3\n")
        made.writestr("archive/data/0", luck.randbytes(size_bytes))
    return out.getvalue()


def _safetensors(luck: random.Random, size_bytes: int) -> bytes:
    told = {"weight": {"dtype": "F32", "shape": [size_bytes // 4], "data_offsets": [0, size_bytes]}}
    head = json.dumps(told).encode()
    return struct.pack("<Q", len(head)) + head + luck.randbytes(size_bytes)


def _slack() -> bytes:
    out = io.BytesIO()
    people = [{"id": f"U{n:08}", "profile": {"real_name": "A. Person"}} for n in range(40)]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("users.json", json.dumps(people))
        made.writestr("channels.json", json.dumps([{"id": "C00000001", "name": "research"}]))
        for day in range(24):
            messages = [
                {
                    "type": "message",
                    "user": f"U{n % 40:08}",
                    "text": "made-up words",
                    "ts": f"{1_660_000_000 + day * 86_400 + n}.000200",
                }
                for n in range(SLACK_MESSAGES // 24)
            ]
            made.writestr(f"research/2022-08-{day + 1:02}.json", json.dumps(messages))
    return out.getvalue()


def _graph() -> bytes:
    made = [
        {
            "id": str(n),
            "messageType": "message",
            "createdDateTime": f"2022-0{1 + n % 9}-01T10:00:00.000Z",
            "chatId": f"19:{n % 60}@unq.gbl.spaces",
            "from": {"user": {"id": f"p{n % 50}", "displayName": "A. Person"}},
            "body": {"contentType": "html", "content": "made-up words"},
        }
        for n in range(GRAPH_MESSAGES)
    ]
    context = "https://graph.microsoft.com/v1.0/$metadata#chats('19')/messages"
    return json.dumps({"@odata.context": context, "value": made}).encode()
