"""Build a small research repository that leaks storage links in the ways people really do it.

    python examples/research_repo.py FOLDER

Six years of a fictional team: a README whose link opens a whole account until 2051, a link that was taken
out but stays in the history, a notebook that printed one, a settings file committed and deleted a day later.
Every account and key is made up (a key is the hash of a word), people and times are fixed: the commits have
the same ids on every machine. Needs git and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

MODELS = "contosorobust"
DATA = "contosovision"
MIRA = "Mira Example <mira@research.contoso.example>"
JON = "Jon Sample <jon@research.contoso.example>"
CODE = """\
import torch
from torchvision import models


def main() -> None:
    model = models.resnet50(weights=None)
    state = torch.load("resnet50_l2_eps3.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(state)


if __name__ == "__main__":
    main()
"""


def key(account: str) -> str:
    """Return the account's made-up key, in base64."""
    return base64.b64encode(hashlib.sha512(f"made-up key of {account}".encode()).digest()).decode()


def signature(account: str, fields: list[str]) -> str:
    """Sign the fields as Azure Storage does."""
    mac = hmac.new(base64.b64decode(key(account)), "\n".join(fields).encode(), hashlib.sha256)
    return quote(base64.b64encode(mac.digest()).decode(), safe="")


def account_sas(account: str, permissions: str, start: str, end: str) -> str:
    """Return the query of an account SAS on blobs, version 2019-12-12.

    Source: learn.microsoft.com/rest/api/storageservices/create-account-sas.
    """
    sig = signature(account, [account, permissions, "b", "sco", start, end, "", "https", "2019-12-12", ""])
    return f"sv=2019-12-12&ss=b&srt=sco&sp={permissions}&se={end}&st={start}&spr=https&sig={sig}"


def container_sas(account: str, container: str, permissions: str, start: str, end: str) -> str:
    """Return the query of a container SAS, version 2019-12-12.

    Source: learn.microsoft.com/rest/api/storageservices/create-service-sas.
    """
    resource = f"/blob/{account}/{container}"
    fields = [permissions, start, end, resource, "", "", "https", "2019-12-12", "c", "", "", "", "", "", ""]
    sig = signature(account, fields)
    return f"sp={permissions}&st={start}&se={end}&spr=https&sv=2019-12-12&sr=c&sig={sig}"


def link(account: str, path: str, query: str) -> str:
    """Return the address of a blob or container with its token."""
    return f"https://{account}.blob.core.windows.net/{path}?{query}"


def readme(query: str) -> str:
    """Return the README with the download link of the time."""
    model = link(MODELS, "public-models/resnet50_l2_eps3.pt", query)
    command = f"wget -O resnet50_l2_eps3.pt '{model}'"
    return f"# Robust vision models\n\nPretrained weights:\n\n```bash\n{command}\n```\n"


def notebook(query: str) -> str:
    """Return a notebook that printed the address it read."""
    source = ["from data import listing\n", "listing(container='training-raw')"]
    printed = [f"GET {link(DATA, 'training-raw', query)}&restype=container&comp=list\n", "14,212 blobs\n"]
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    cell = {"cell_type": "code", "execution_count": 3, "metadata": {}, "source": source, "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1) + "\n"


def settings() -> str:
    """Return a settings file with a connection string."""
    string = f"DefaultEndpointsProtocol=https;AccountName={DATA};AccountKey={key(DATA)}"
    return f"BATCH=64\nAZURE_STORAGE_CONNECTION_STRING={string};EndpointSuffix=core.windows.net\n"


def commit(folder: Path, when: str, who: str, message: str, files: dict[str, str | None]) -> None:
    """Write the files (`None` deletes) and commit them as `who` at `when`."""
    for name, text in files.items():
        file = folder / name
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
    git(folder, "add", "-A")
    name, mail = who.rstrip(">").split(" <")
    people = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
              for what, value in (("NAME", name), ("EMAIL", mail), ("DATE", when))}  # fmt: skip
    git(folder, "commit", "-q", "-m", message, **people)


def git(folder: Path, *args: str, **settings: str) -> None:
    """Run git with no settings but ours, so that the ids of the commits do not depend on the machine."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    subprocess.run(["git", *args], cwd=folder, env=alone | settings, check=True)


def build(folder: Path) -> None:
    """Make the repository in `folder`, which must be empty or not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    first = account_sas(MODELS, "rwdlac", "2020-07-20T06:00:00Z", "2021-10-05T06:00:00Z")
    renewed = account_sas(MODELS, "rwdlac", "2021-10-05T06:00:00Z", "2051-10-06T06:00:00Z")
    printed = container_sas(DATA, "training-raw", "rl", "2022-01-10T08:00:00Z", "2032-01-10T08:00:00Z")
    mirror = container_sas(DATA, "mirror", "racwdl", "2021-11-02T08:00:00Z", "2041-11-02T08:00:00Z")
    mirrored = f"# Mirror\n\nUpload with\n\n    azcopy copy . '{link(DATA, 'mirror', mirror)}'\n"
    history: list[tuple[str, str, str, dict[str, str | None]]] = [
        (
            "2020-07-20T09:12:00Z",
            MIRA,
            "Publish the models",
            {"README.md": readme(first), "LICENSE": "MIT\n"},
        ),
        (
            "2020-09-02T14:40:00Z",
            JON,
            "Add the training loop",
            {"train.py": CODE, "requirements.txt": "torch\n"},
        ),
        ("2021-10-05T07:31:00Z", MIRA, "Renew the download link", {"README.md": readme(renewed)}),
        ("2021-11-02T10:05:00Z", JON, "Say how to upload to the mirror", {"docs/mirror.md": mirrored}),
        ("2022-01-10T16:20:00Z", JON, "Look at the raw data", {"notebooks/explore.ipynb": notebook(printed)}),
        ("2022-02-14T17:55:00Z", JON, "Settings for the upload job", {".env": settings()}),
        ("2022-02-15T08:02:00Z", JON, "Remove .env", {".env": None, ".gitignore": ".env\n"}),
        (
            "2023-05-03T11:00:00Z",
            MIRA,
            "Remove the upload link",
            {"docs/mirror.md": "# Mirror\n\nAsk Mira.\n"},
        ),
    ]
    for when, who, message, files in history:
        commit(folder, when, who, message, files)


def main() -> int:
    """Build it where the first argument says and print where that is."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: research_repo.py FOLDER\n")
        return 2
    folder = Path(sys.argv[1])
    if folder.exists() and any(folder.iterdir()):
        sys.stderr.write(f"research_repo.py: {folder} is not empty\n")
        return 2
    build(folder)
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
