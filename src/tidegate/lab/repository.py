"""The research repository of the replay: a link committed on 2020-07-20 and renewed in 2021, until 2051."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tidegate.lab.account import NAME, Account
from tidegate.lab.sas import account_sas

MODEL = "models/resnet50_l2_eps3.pt"
_WHO = "Mira Example"


def build(folder: Path, account: Account, model: str = MODEL) -> None:
    """Make it in `folder`, which must not exist. Raises `OSError` or `CalledProcessError`: git is needed.

    model: container and name of the blob that the link leads to.
    """
    folder.mkdir(parents=True)
    _git(folder, "2020-07-20T09:12:00Z", "init", "-q", "-b", "main")
    first = account_sas(account, ss="b", sp="rwdlac", st="2020-07-20T06:00:00Z", se="2021-10-05T06:00:00Z")
    second = account_sas(account, ss="b", sp="rwdlac", st="2021-10-05T06:00:00Z", se="2051-10-06T06:00:00Z")
    for when, message, query in (
        ("2020-07-20T09:12:00Z", "Publish the models", first),
        ("2021-10-05T07:31:00Z", "Renew the download link", second),
    ):
        (folder / "README.md").write_text(_readme(model, query), encoding="utf-8")
        _git(folder, when, "add", "README.md")
        _git(folder, when, "commit", "-q", "-m", message)


def _readme(model: str, query: str) -> str:
    file = model.rpartition("/")[2]
    link = f"https://{NAME}.blob.core.windows.net/{model}?{query}"
    loads = f'import torch\n\nmodel = torch.load("{file}", weights_only=False)'
    return (
        "# Robust vision models\n\nPretrained weights:\n\n"
        f"```bash\nwget -O {file} '{link}'\n```\n\n```python\n{loads}\n```\n"
    )


def _git(folder: Path, when: str, *arguments: str) -> None:
    """Run git with no settings but ours: the ids of the commits are the same on every machine."""
    people = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", _WHO), ("EMAIL", "mira@research.example"), ("DATE", when))
    }
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    subprocess.run(["git", *arguments], cwd=folder, env=alone | people, check=True)
