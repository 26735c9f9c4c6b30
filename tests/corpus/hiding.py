"""A repository with one token in each place where git can hide one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.containers import env, zipped
from corpus.mint import Sas
from corpus.model import ANY
from corpus.repository import AUTHOR, Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """One token and where a scan must say it is."""

    name: str
    sas: Sas
    path: str = ANY
    """Ending in `*`: only the beginning is told."""
    commit: str | None = ANY
    author: str | None = ANY
    when: str | None = ANY
    in_head: bool | str | None = ANY
    bare: bool = False
    """The text holds the token alone, without a host that would name the account."""


LAST = (
    "packed-ref",
    "dangling-commit",
    "reflog-only",
    "stash",
    "modified",
    "staged",
    "untracked",
    "ignored",
    "remote-url",
)
"""Places that a later one would undo: they come at the end, in this order."""

Place = Callable[[Repository, str, Sas], Hidden]
PLACES: dict[str, Place] = {}


def place(hide: Place) -> Place:
    """Register a place by the name of its function."""
    PLACES[hide.__name__.replace("_", "-")] = hide
    return hide


def build(folder: Path) -> tuple[Repository, list[Hidden]]:
    """Make the repository below `folder` and return it with all that is hidden in it."""
    repository = Repository(folder)
    repository.put("README.md", "# Hiding places\n", "Begin")
    order = [n for n in sorted(PLACES) if n not in LAST] + list(LAST)
    hidden = [PLACES[name](repository, name, token(name)) for name in order]
    return repository, hidden


def token(name: str) -> Sas:
    """Return the token that is hidden in the place of this name."""
    account = "contoso" + name.replace("-", "")[:17]
    return mint.container_sas(account, "raw").ordered(PORTAL_SERVICE, encode=mint.escaped)


def seen(
    repository: Repository, name: str, sas: Sas, path: str, commit: str, *, in_head: bool | str = True
) -> Hidden:
    """Return the expectation for a token that `commit` brought."""
    return Hidden(
        name=name,
        sas=sas,
        path=path,
        commit=commit,
        author=AUTHOR,
        when=repository.when(commit),
        in_head=in_head,
    )


@place
def plain_file(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("plain.env", env(sas), "Add the settings")
    r.put("plain.env", b"# moved\n" + env(sas), "Move a line")
    return seen(r, name, sas, "plain.env", commit)


@place
def long_line(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("long.js", "a=1;" * 60_000 + f"u='{sas.url}';" + "b=2;" * 60_000, "Bundle")
    return seen(r, name, sas, "long.js", commit)


@place
def in_base64(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("k8s.yaml", b"data:\n  u: " + base64.b64encode(sas.url.encode()) + b"\n", "Deploy")
    return seen(r, name, sas, "k8s.yaml", commit)


@place
def deleted_file(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("deleted.env", env(sas), "Add")
    r.remove("deleted.env", "Remove the secret")
    return seen(r, name, sas, "deleted.env", commit, in_head=False)


@place
def other_branch(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("switch", "-q", "-c", "side")
    commit = r.put("side.env", env(sas), "Try")
    r.git("switch", "-q", "main")
    return seen(r, name, sas, "side.env", commit, in_head=False)


@place
def packed_ref(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("switch", "-q", "-c", "old/packed")
    commit = r.put("packed.env", env(sas), "Pack me")
    r.git("switch", "-q", "main")
    r.git("pack-refs", "--all")
    r.git("repack", "-adq", "--keep-unreachable")
    return seen(r, name, sas, "packed.env", commit, in_head=False)


@place
def notes(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("notes", "add", "-m", f"reviewed with {sas.url}", "HEAD")
    return Hidden(name=name, sas=sas, in_head=False)


@place
def stash(r: Repository, name: str, sas: Sas) -> Hidden:
    r.write("plain.env", env(sas))
    r.git("stash", "-q")
    return Hidden(name=name, sas=sas, path="plain.env", in_head=False)


@place
def pull_request(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("switch", "-q", "--detach")
    commit = r.put("pull.env", env(sas), "From a fork")
    r.git("update-ref", "refs/pull/7/head", commit)
    r.git("switch", "-q", "main")
    return seen(r, name, sas, "pull.env", commit, in_head=False)


@place
def zip_deleted(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("backup.zip", zipped({"conf/.env": env(sas)}), "Backup")
    r.remove("backup.zip", "Too large")
    return seen(r, name, sas, "backup.zip!/conf/.env", commit, in_head=False)


@place
def merge_only(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("switch", "-q", "-c", "feature")
    r.put("feature.txt", "x\n", "Feature")
    r.git("switch", "-q", "main")
    r.put("main.txt", "y\n", "Meanwhile")
    r.git("merge", "-q", "--no-commit", "--no-ff", "feature")
    commit = r.put("merged.env", env(sas), "Merge, and something more")
    return seen(r, name, sas, "merged.env", commit)


@place
def dangling_commit(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("switch", "-q", "-c", "gone")
    commit = r.put("dangling.env", env(sas), "Regretted")
    r.git("switch", "-q", "main")
    r.git("branch", "-q", "-D", "gone")
    r.git("reflog", "expire", "--expire=now", "--all")
    return Hidden(name=name, sas=sas, path=ANY, commit=commit, in_head=False)


@place
def reflog_only(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("reset.env", env(sas), "Oops")
    r.git("reset", "-q", "--hard", "HEAD~1")
    return Hidden(name=name, sas=sas, commit=commit, in_head=False)


@place
def no_diff_attribute(r: Repository, name: str, sas: Sas) -> Hidden:
    r.put(".gitattributes", "*.dat -diff -text\n", "Attributes")
    commit = r.put("values.dat", env(sas), "Values")
    return seen(r, name, sas, "values.dat", commit)


@place
def utf_16(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("wide.ps1", env(sas).decode().encode("utf-16"), "Script")
    return seen(r, name, sas, "wide.ps1", commit)


@place
def binary(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("core.bin", mint.seeded("bin", 999) + b"\0" + sas.url.encode() + b"\0" + bytes(99), "Dump")
    return seen(r, name, sas, "core.bin", commit)


@place
def submodule_url(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put(".gitmodules", f'[submodule "m"]\n\tpath = m\n\turl = {sas.url}\n', "Module")
    return seen(r, name, sas, ".gitmodules", commit)


@place
def path_name(r: Repository, name: str, sas: Sas) -> Hidden:
    r.put("downloads/raw?" + sas.query, "x\n", "Downloaded by wget")
    return Hidden(name=name, sas=sas, path="<path name>", bare=True)


@place
def commit_message(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("m.txt", "m\n", f"Upload the data\n\nIt is at {sas.url}\n")
    return Hidden(
        name=name, sas=sas, path="<commit message>", commit=commit, author=AUTHOR, when=r.when(commit)
    )


@place
def trailer(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.commit(f"Fix\n\nSigned-off-by: {sas.query} <x@contoso.example>\n")
    return Hidden(name=name, sas=sas, path="<commit message>", commit=commit, bare=True)


@place
def author_name(r: Repository, name: str, sas: Sas) -> Hidden:
    r.write("n.txt", "n\n")
    commit = r.commit("Pasted into the wrong field", author=f"{sas.query} <ada@contoso.example>")
    return Hidden(name=name, sas=sas, path="<author>", commit=commit, bare=True)


@place
def tag_message(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("tag", "-a", "v1", "-m", f"Release; data at {sas.url}")
    return Hidden(name=name, sas=sas, path="<tag message>")


@place
def deleted_tag(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("tag", "-a", "v0-wrong", "-m", f"Release; data at {sas.url}")
    r.git("tag", "-d", "v0-wrong")
    return Hidden(name=name, sas=sas, path="<tag message>")


@place
def branch_name(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("branch", "data/" + sas.query)
    return Hidden(name=name, sas=sas, path="<ref name>", bare=True)


@place
def blob_without_commit(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("hash-object", "-w", "--stdin", data=env(sas))
    return Hidden(name=name, sas=sas, commit=None)


@place
def tag_of_a_blob(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("tag", "key-material", r.git("hash-object", "-w", "--stdin", data=env(sas) + b"#tag\n"))
    return Hidden(name=name, sas=sas)


@place
def replaced_object(r: Repository, name: str, sas: Sas) -> Hidden:
    commit = r.put("replaced.env", env(sas), "Add what will be covered up")
    clean = r.git("hash-object", "-w", "--stdin", data=b"nothing here\n")
    r.git("update-ref", "refs/replace/" + r.git("rev-parse", "HEAD:replaced.env"), clean)
    return seen(r, name, sas, "replaced.env", commit, in_head=ANY)


@place
def remote_url(r: Repository, name: str, sas: Sas) -> Hidden:
    r.git("config", "remote.backup.url", sas.url)
    return Hidden(name=name, sas=sas, path="<git config>", commit=None)


@place
def staged(r: Repository, name: str, sas: Sas) -> Hidden:
    r.write("staged.env", env(sas))
    r.git("add", "staged.env")
    (r.path / "staged.env").unlink()
    return Hidden(name=name, sas=sas, commit=None)


@place
def untracked(r: Repository, name: str, sas: Sas) -> Hidden:
    r.write("untracked.env", env(sas))
    return Hidden(name=name, sas=sas, path="untracked.env", commit=None)


@place
def ignored(r: Repository, name: str, sas: Sas) -> Hidden:
    r.write("build/.gitignore", "*\n")
    r.write("build/.env", env(sas))
    return Hidden(name=name, sas=sas, path="build/.env", commit=None)


@place
def modified(r: Repository, name: str, sas: Sas) -> Hidden:
    r.write("main.txt", env(sas))
    return Hidden(name=name, sas=sas, path="main.txt", commit=None)
