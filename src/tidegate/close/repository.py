"""What removes a credential from a repository: a patch for HEAD, a pull request, and how to rewrite history.

None of it holds the secret. The patch says which bytes of a file go (see `gitpatch`), the rewriting which bytes
of which version, by the version's id: git-filter-repo reads that from a file, so that nobody has to write the
secret into an expression. All of it is for *after* the credential is dead: a commit that removes a live link
shows everybody where to look.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tidegate.assess.words import day, many
from tidegate.close.gitpatch import file_patch
from tidegate.close.held import Held, Holding
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.report._escape import markdown, markdown_code, safe

MAX_SHOWN = 50
"""Places listed in a text one by one."""
_AROUND = 60
"""Characters of a line shown on either side of what goes."""
_KEYS = frozenset(
    {
        "account_key",
        "access_key",
        "hmac_key",
        "service_account_key",
        "user_credentials",
        "application_key",
        "private_key",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One file that is written for the user."""

    name: str
    content: bytes
    says: str
    """One sentence: what it is for."""


def replacement(finding: Finding) -> str:
    """Return what stands in the place of the credential: one word, safe in code, JSON, YAML and links."""
    if finding.grant.kind in _KEYS:
        return f"REVOKED-KEY-read-the-new-one-from-your-secret-store-{finding.id}"
    return f"REVOKED-LINK-ask-its-owner-for-a-new-one-{finding.id}"


def papers(
    finding: Finding, held: Holding, *, dead_since: datetime | None, proved: bool = False, early: bool = False
) -> list[Paper]:
    """Return the files for one repository; those for its history only once the credential is dead.

    dead_since: when the last step that ended it was done; `None` while it lives. proved: by all probes.
    early: the user asked for the rewriting although it lives.
    """
    found = []
    patch = head_patch(finding, held)
    if patch:
        found.append(
            Paper(name=f"{finding.id}.patch", content=patch, says="removes it from HEAD: git apply FILE")
        )
    text = pull_request(finding, held, dead_since=dead_since, proved=proved)
    found.append(
        Paper(name=f"{finding.id}-pull-request.md", content=text.encode(), says="text for the pull request")
    )
    if dead_since is None and not early:
        return found
    for flag, content in callbacks(finding, held):
        name = f"{finding.id}-{flag}.py"
        says = f"which bytes of which versions go: for git filter-repo --{flag}-callback"
        found.append(Paper(name=name, content=content.encode(), says=says))
    ids = [each.oid.hex() for each in held.objects if each.by_hand and each.kind == "blob"]
    if ids:
        content = "".join(f"{each}\n" for each in ids)
        says = "versions that can only be dropped whole"
        found.append(Paper(name=f"{finding.id}-files.txt", content=content.encode(), says=says))
    text = rewriting(finding, held, dead_since=dead_since)
    found.append(
        Paper(name=f"{finding.id}-rewrite.md", content=text.encode(), says="how to take it out of history")
    )
    return found


def head_patch(finding: Finding, held: Holding) -> bytes:
    """Return a patch for `git apply` that takes the credential out of HEAD; empty when HEAD holds none."""
    parts = []
    new = replacement(finding).encode()
    for each in held.objects:
        for path in each.head_paths if each.cuts else ():
            parts.append(file_patch(path, each.content, each.cuts, new, sha256=len(each.oid) == 32))
    if not parts:
        return b""
    head = [
        f"Removes the credential {finding.id} from HEAD, commit {held.head}. Apply it with: git apply FILE",
        "What goes is not in here: git takes it from the file, and checks by the file's id that it is the one.",
        *preview(finding, held),
    ]
    return "".join(f"# {safe(line)}\n" for line in head).encode() + b"".join(parts)


def preview(finding: Finding, held: Holding) -> list[str]:
    """Return the lines that change, before and after, with every secret in them masked."""
    lines: list[str] = []
    new = replacement(finding)
    changes = [(path, each) for each in held.objects if each.cuts for path in each.head_paths]
    for path, each in sorted(changes, key=lambda one: one[0])[:MAX_SHOWN]:
        for cut in each.cuts[:MAX_SHOWN]:
            before, after, number = _around(each, cut)
            lines.append(f"{path.decode('utf-8', 'replace')}:{number}")
            lines.append(f"  - {before}[{finding.id}]{after}")
            lines.append(f"  + {before}{new}{after}")
    if len(changes) > MAX_SHOWN:
        lines.append(f"and {len(changes) - MAX_SHOWN:,} more files")
    return lines


def _around(each: Held, cut: tuple[int, int]) -> tuple[str, str, int]:
    """Return what stands on the line before and after a cut, masked and shortened, and the line's number."""
    start, stop = cut
    content = bytearray(each.content)
    for low, high in each.hidden:
        if not (low >= start and high <= stop):
            content[low:high] = b"*" * (high - low)
    first = content.rfind(b"\n", 0, start) + 1
    last = content.find(b"\n", stop)
    before = bytes(content[max(first, start - _AROUND) : start]).decode("utf-8", "replace")
    after = bytes(content[stop : min(len(content) if last < 0 else last, stop + _AROUND)])
    return before, after.decode("utf-8", "replace").rstrip("\r"), each.content.count(b"\n", 0, start) + 1


def pull_request(
    finding: Finding, held: Holding, *, dead_since: datetime | None, proved: bool = False
) -> str:
    """Return title and text of a pull request, in Markdown: the first line is the title. Holds no secret."""
    return "".join(f"{line}\n" for line in _pull_request(finding, held, dead_since=dead_since, proved=proved))


def _pull_request(
    finding: Finding, held: Holding, *, dead_since: datetime | None, proved: bool
) -> Iterator[str]:
    in_head = sorted(
        {path.decode("utf-8", "replace") for each in held.objects if each.cuts for path in each.head_paths}
    )
    yield f"Remove a revoked credential ({finding.id})"
    yield ""
    if dead_since is None:
        yield "> **Not yet: the credential still works, as far as we know.** A commit that removes a live link"
        yield "> shows everybody where it is. End it first, then open this pull request."
        yield ""
    what = markdown(finding.title)
    if dead_since is not None:
        since = f"It was ended on {day(dead_since)}"
        yield f"{what}. {since}{' and the service was shown to refuse it' if proved else ''}."
    else:
        yield f"{what}."
    yield ""
    if in_head:
        yield f"This takes it out of {many(len(in_head), 'file')} and puts {markdown_code(replacement(finding))} there,"
        yield "so that whoever meets it knows what to do:"
        yield ""
        yield from (f"- {markdown_code(path)}" for path in in_head[:MAX_SHOWN])
        if len(in_head) > MAX_SHOWN:
            yield f"- and {len(in_head) - MAX_SHOWN:,} more"
        yield ""
        yield "```diff"
        for line in preview(finding, held):
            shown = safe(line).replace("```", "'''")
            yield shown[2:] if shown.startswith(("  - ", "  + ")) else f"@@ {shown} @@"
        yield "```"
    else:
        yield "HEAD no longer holds it: there is nothing to change here, only history."
    hands = _by_hand(held)
    if hands:
        yield ""
        yield "By hand, since it cannot be exchanged byte by byte:"
        yield ""
        yield from (f"- {markdown(line)}" for line in hands[:MAX_SHOWN])
    yield ""
    yield "Before merging:"
    yield ""
    yield "- [ ] whoever used it has the new link or key (`tidegate share create` makes one that can be ended)"
    yield "- [ ] the service refuses the old one (`tidegate close --prove`)"
    yield ""
    history = sum(1 for each in held.objects if not each.head_paths)
    yield (
        f"History still holds it in {many(history, 'earlier version')}"
        if history
        else "History still holds this version"
    ) + ": merging this does not take it out of there, nor out of forks and clones."


def _by_hand(held: Holding) -> list[str]:
    lines = []
    for each in held.objects:
        if each.by_hand:
            where = ", ".join(sorted({_where(place) for place in each.places})[:3]) or each.kind
            lines.append(f"{where} ({each.kind} {each.oid.hex()[:12]}): {each.by_hand}")
    lines += [f"{_where(place)}: outside of what a commit changes" for place in held.others]
    return lines


def _where(place: Place) -> str:
    return f"{place.path}:{place.line}" if place.line else place.path


def callbacks(finding: Finding, held: Holding) -> list[tuple[str, str]]:
    """Return (word before `-callback`, file) for git-filter-repo: which bytes of which objects are exchanged.

    Such a file is the body of a Python function that git-filter-repo calls with each object.
    """
    new = replacement(finding).encode()
    made = []
    for kind in ("blob", "commit", "tag"):
        rows = [_row(each) for each in held.objects if each.kind == kind and each.cuts]
        if rows:
            made.append((kind, _callback(finding, kind, rows, new)))
    return made


def _row(each: Held) -> str:
    # git-filter-repo hands over the message alone, without the headers before it.
    numbers = " ".join(f"{start - each.body} {stop - each.body}" for start, stop in each.cuts)
    return f"{each.oid.hex()} {each.size - each.body} {numbers}"


def _callback(finding: Finding, kind: str, rows: Sequence[str], new: bytes) -> str:
    field = "data" if kind == "blob" else "message"
    # git-filter-repo indents the file, so that no literal may run over a line's end. The table is a constant:
    # made once, however often the function is called.
    table = "\n".join(f'    b";{row}"' for row in rows)
    return f"""# Takes the credential {finding.id} out of every version that holds it; the credential is not in here.
# Each line: the object's id, its size, and where what goes begins and ends, in bytes.
table = (
{table}
    b";"
)
found = table.find(b";" + {kind}.original_id) if {kind}.original_id else -1
if found >= 0:
    numbers = [int(n) for n in table[found + 1 : table.index(b";", found + 1)].split()[1:]]
    if numbers[0] == len({kind}.{field}):
        for i in range(len(numbers) - 2, 0, -2):
            {kind}.{field} = {kind}.{field}[: numbers[i]] + {new!r} + {kind}.{field}[numbers[i + 1] :]
"""


def rewriting(finding: Finding, held: Holding, *, dead_since: datetime | None) -> str:
    """Return how to take it out of history, in Markdown, exact to the command. Holds no secret."""
    return "".join(f"{line}\n" for line in _rewriting(finding, held, dead_since))


def _rewriting(finding: Finding, held: Holding, dead_since: datetime | None) -> Iterator[str]:
    yield f"# Taking {finding.id} out of history"
    yield ""
    if dead_since is None:
        yield "> **Do not do this yet.** The credential still works, as far as we know: every clone and fork"
        yield "> keeps it, so only ending it helps. `tidegate close` does that."
    else:
        yield f"The credential was ended on {day(dead_since)}. It is dead in every copy; this only tidies up,"
        yield "breaks every clone that exists, and changes the id of every commit after the first one. Whether that"
        yield "is worth it is for the owners of the repository to say."
    yield ""
    yield from _what_holds(held)
    yield ""
    drops = any(each.kind == "blob" for each in held.objects if each.by_hand)
    yield from _commands(finding, held, drops=drops)
    yield from _hands(finding, held, drops=drops)
    yield ""
    yield "## What this does not reach"
    yield ""
    yield "- **Forks** keep it, and so does every clone: their owners must delete or rewrite them."
    yield "- **Pull requests** keep their commits under references of the host (`refs/pull/…`) that cannot be pushed."
    yield "- **Cached views** of the host show a commit by its id for a long time. On GitHub its support removes both,"
    yield "  given the first changed commits; on GitLab run its own repository clean-up after pushing."
    yield "- **Large files** (Git LFS), release archives, packages, container images, issues and wikis are no part of"
    yield "  this history."
    yield "- **Signatures** of rewritten commits and tags are lost; open pull requests have to be made anew."
    yield "- Old clones push it back when somebody merges: everybody clones afresh, nobody pulls."


def _what_holds(held: Holding) -> Iterator[str]:
    yield "## What holds it"
    yield ""
    whole = [each for each in held.objects if each.by_hand]
    cut = len(held.objects) - len(whole)
    yield f"- {many(cut, 'version')} that the commands below clean, {many(len(whole), 'version')} that they do not"
    yield f"- first brought by {', '.join(f'`{each[:12]}`' for each in held.first_commits[:10]) or 'no commit we know'}"
    if held.refs:
        shown = ", ".join(markdown_code(each) for each in held.refs[:20])
        more = f" and {len(held.refs) - 20:,} more" if len(held.refs) > 20 else ""
        yield f"- in the history of {many(len(held.refs), 'name')}: {shown}{more}"
    if held.refs_asked < held.refs_all:
        yield f"- {held.refs_all - held.refs_asked:,} further names were not asked"
    for gap in held.gaps[:10]:
        yield f"- not looked at: {markdown(gap.subject)}: {markdown(gap.reason)}"


def _commands(finding: Finding, held: Holding, *, drops: bool) -> Iterator[str]:
    made = callbacks(finding, held)
    yield "## Commands"
    yield ""
    yield "In a fresh clone, made for this and thrown away after it, once nobody pushes any more:"
    yield ""
    yield "```sh"
    yield "git clone --mirror ADDRESS-OF-THE-REPOSITORY clean.git && cd clean.git"
    flags = [f"--{kind}-callback {shlex.quote(f'../{finding.id}-{kind}.py')}" for kind, _ in made]
    if drops:
        flags.append(f"--strip-blobs-with-ids {shlex.quote(f'../{finding.id}-files.txt')}")
    if flags:
        yield " \\\n    ".join(("git filter-repo --sensitive-data-removal", *flags))
    yield f"tidegate scan . --format json -o ../after.json; grep -c {finding.id} ../after.json   # must say 0"
    yield "git push --force --mirror origin"
    yield "```"
    yield ""
    yield "git-filter-repo 2.47 or later (`pip install git-filter-repo`) prints the first changed commits and the"
    yield "pull requests it touched: hosts want to know both. The files name versions by their ids, so they clean what"
    yield f"was there when they were made ({held.head[:12] if held.head else 'no HEAD'}): make them anew from a mirror"
    yield "clone if somebody pushed since, or if the host has references that an ordinary clone lacks (pull requests)."


def _hands(finding: Finding, held: Holding, *, drops: bool) -> Iterator[str]:
    hands = _by_hand(held)
    if hands:
        yield ""
        yield "## By hand"
        yield ""
        yield from (f"- {markdown(line)}" for line in hands[:MAX_SHOWN])
        if len(hands) > MAX_SHOWN:
            yield f"- and {len(hands) - MAX_SHOWN:,} more"
        if drops:
            yield ""
            yield f"`{finding.id}-files.txt` names those that can only be dropped whole: git-filter-repo takes these files"
            yield "out of every commit. Leave that line of the command out if they are needed, and make them anew instead."
            yield "All of it has to be one command: with `--sensitive-data-removal` a second one fetches everything again."
