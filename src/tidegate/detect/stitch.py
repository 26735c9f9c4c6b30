"""Find the names that stand apart from their credential: the account of a token, the id of a secret key.

Of several candidates the nearest wins; one written before the credential, or under a variable with the same
prefix, counts as nearer. A guess enriches a finding, its absence never removes one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import chain

from tidegate.detect.unwrap import View, decode_values, raw_view, unescape, unquote
from tidegate.records import dataclass

REACH = 8192
"""Bytes on either side that are searched."""
BLOCK = 8192
_MARGIN = 1024
"""Bytes on either side of a block that are read along: longer than any form of a name."""
_MOST_CANDIDATES = 32
"""Names on either side that are weighed; a document with more of them within reach is a list."""
_AFTER_WEIGHT = 1.5
_KINSHIP_WEIGHT = 0.2
_MIN_KINSHIP = 4
"""Characters two variable names must share to be of one family."""

# Between a name and its value: quotes, colons, arrows, tags; never a line of other text.
# Or the value stands in the next attribute or line: Kubernetes, ECS, Terraform, .NET, Xcode, Hadoop, plists.
_PAIR = (
    r"[\"'`]?,?\s{1,60}[\"'`]?value[\"'`]?\s{0,8}[:=]\s{0,8}[\"'`]?|"
    r"</[a-z]{1,20}>\s{0,60}<[a-z]{1,20}>\s{0,16}"
)
_IS = (
    rf"(?:{_PAIR}|"
    r"[\"'`]?\]?\s{0,8}(?:[:=]|=>|:=|,|>|\s)\s{0,8}(?:[a-z]{1,8}\(\s{0,4})?[\"'`]?)"
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_THREE = r"clientsecretcredential(?:builder)?\(\s{0,40}"
"""Tenant, client and secret, in this order. Source: the Azure identity libraries' documentation."""
_STORAGE = r"(?:blob|dfs|file|queue|table|web)"


class _Source:
    """One way in which a name may stand there.

    words: separated by blanks, in lower case; one of them stands in everything that the expression matches.
    To look for a word takes a hundredth of the time that the expression takes to find nothing.
    reach: bytes that the expression can match at most; only so far around a word it is tried.
    """

    def __init__(self, words: str, expression: str, reach: int = 512) -> None:
        self.words = tuple(words.encode("ascii").split())
        self.expression = expression
        self.reach = reach

    def stretches(self, lower: bytes) -> Iterator[tuple[int, int]]:
        """Yield where in a text, given in lower case, a match can stand; none reaches the end of one."""
        low = high = -1
        for at in sorted(at for word in self.words for at in _places(lower, word)):
            if at - self.reach > high:
                if high >= 0:
                    yield low, high
                low = max(0, at - self.reach)
            high = at + 2 * self.reach
        if high >= 0:
            yield low, high

    @cached_property
    def regex(self) -> re.Pattern[bytes]:
        """The compiled expression."""
        return re.compile(self.expression.encode("ascii"))


_SOURCES: dict[str, tuple[_Source, ...]] = {
    "account": (
        _Source(
            ".core. .storage.azure.net",
            rf"(?i)\b([a-z0-9]{{3,24}})(?:-secondary)?\.(?:z[0-9]{{1,2}}\.|privatelink\.)?{_STORAGE}"
            r"\.(?:core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net|cloudapi\.de)|storage\.azure\.net)",
        ),
        _Source("accountname", r"(?i)\bAccountName\s{0,2}=\s{0,2}([a-z0-9]{3,24})\b"),
        _Source(
            "account",
            rf"(?i)(?:storage[_.-]?account(?:[_.-]?name)?|account[_.-]?name|accountname|azure[_.-]?account|"
            rf"azurestorageaccountname|(?:sas|blob|az|src|dst|source|dest|dest?ination)[_-]?account|"
            rf"[a-z0-9]{{1,20}}_account(?:_name)?){_IS}([a-z0-9]{{3,24}})(?![A-Za-z0-9.]|-[a-z0-9])",
        ),
        _Source(
            "account acct",
            # A variable or a field of that name, and its value in quotes.
            r"(?i)\b(?:[a-z0-9]{1,20}[_-])?acc(?:oun)?t(?:[_-]?name)?[\"']?\s{0,4}(?:=>|:=|[:=])\s{0,4}"
            r"[\"'`]([a-z0-9]{3,24})[\"'`]",
        ),
        _Source(
            "acct",
            r"(?im)\b[a-z0-9_]{1,40}_acct(?:_name)?[ \t]{0,4}[=:][ \t]{0,4}([a-z0-9]{3,24})[ \t\r]{0,4}$",
        ),
        _Source(
            "storage account",
            r"(?i)\bstorage account[`*]{0,3}\s{0,2}[:=]\s{0,2}[`*\"']{0,3}([a-z0-9]{3,24})\b",
        ),
        _Source(
            "value", r"(?i)account(?:[_.-]?name)?[\"']\s{1,8}value\s{0,2}=\s{0,2}[\"']([a-z0-9]{3,24})[\"']"
        ),
        _Source(
            "account",
            r"(?im)^[ \t]{0,8}account[ \t]{0,4}[=:][ \t]{0,4}[\"']?([a-z0-9]{3,24})[\"']?[ \t]{0,4}$",
        ),
        _Source(
            "account",
            # A parameter of ARM or Bicep, a variable of Terraform.
            r"(?i)storage_?account_?name[\"']?\s{0,4}(?::\s{0,4}\{|\{|string\s{0,4}=)"
            r"(?:[^{}]{0,200}?\b(?:default(?:value)?|value)[\"']?\s{0,4}[:=])?\s{0,4}[\"']([a-z0-9]{3,24})[\"']",
        ),
        _Source("azure_storage_name", rf"(?i)\bazure_storage_name{_IS}([a-z0-9]{{3,24}})(?![A-Za-z0-9.])"),
        _Source("--account-name", r"(?i)--account-name[ =\"']{1,3}([a-z0-9]{3,24})\b"),
        _Source(
            "azurerm_storage_account",
            r"(?is)azurerm_storage_account\b.{0,600}?\bname\"?\s{0,8}[:=]\s{0,4}\"([a-z0-9]{3,24})\"",
            reach=1024,
        ),
        _Source(
            "fs.azure.", r"(?i)fs\.azure\.(?:sas|account\.key)\.(?:[a-z0-9-]{3,63}\.)?([a-z0-9]{3,24})\b"
        ),
    ),
    "container": (
        _Source(
            "container",
            rf"(?i)(?:container(?:[_.-]?name)?|blob[_.-]?container){_IS}([a-z0-9$][a-z0-9-]{{2,62}})(?![A-Za-z0-9._])",
        ),
        _Source(
            ".core.",
            rf"(?i)\b(?P<account>[a-z0-9]{{3,24}})\.{_STORAGE}\.core\.[a-z]{{4,20}}\.[a-z]{{2,3}}/(?P<value>[a-z0-9$][a-z0-9-]{{2,62}})(?![A-Za-z0-9._?])",
        ),
        _Source("fs.azure.sas.", r"(?i)fs\.azure\.sas\.([a-z0-9-]{3,63})\.[a-z0-9]{3,24}\b"),
        _Source("--container-name", r"(?i)--container-name[ =\"']{1,3}([a-z0-9-]{3,63})\b"),
    ),
    "key_id": (_Source("akia asia", r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b"),),
    "compatible_key_id": (
        _Source(
            "access minio_root_user spaces_key",
            rf"(?i)(?:access[_.-]?key(?:[_-]?id)?|accesskey(?:id)?|aws_access_key_id|minio_root_user|spaces_key){_IS}"
            r"([A-Za-z0-9_-]{3,64})(?![A-Za-z0-9_/+=])",
        ),
    ),
    "alibaba_key_id": (_Source("ltai sts.n", r"\b(LTAI[A-Za-z0-9]{12,20}|STS\.N[A-Za-z0-9]{19,30})\b"),),
    "gcs_key_id": (_Source("goog", r"\b(GOOG[A-Z0-9]{10,80})\b"),),
    "b2_key_id": (
        _Source(
            "key account",
            rf"(?i)(?:application[_-]?key[_-]?id|key[_-]?id|account(?:[_-]?id)?){_IS}((?:00[0-9])?[0-9a-f]{{12,25}})\b",
        ),
    ),
    "endpoint": (
        _Source(
            "r2.cloudflarestorage.com digitaloceanspaces.com wasabisys.com backblazeb2.com linodeobjects.com "
            "scw.cloud ovh. aliyuncs.com myqcloud.com amazonaws.com storage.googleapis.com",
            r"(?i)\b((?:[a-z0-9-]{1,63}\.){0,4}(?:r2\.cloudflarestorage\.com|digitaloceanspaces\.com|wasabisys\.com|"
            r"backblazeb2\.com|linodeobjects\.com|scw\.cloud|ovh\.net|ovh\.us|cloud\.ovh\.net|aliyuncs\.com|"
            r"myqcloud\.com|amazonaws\.com(?:\.cn)?|storage\.googleapis\.com))\b",
        ),
        _Source(
            "endpoint",
            rf"(?i)endpoint(?:[_-]?url)?{_IS}(?:https?://)?([a-z0-9][a-z0-9.-]{{2,120}}(?::[0-9]{{2,5}})?)",
        ),
    ),
    "bucket": (
        _Source(
            "bucket",
            rf"(?i)bucket(?:[_.-]?name)?{_IS}(?:s3://|gs://)?([a-z0-9][a-z0-9.-]{{2,62}})(?![A-Za-z0-9_])",
        ),
    ),
    "tenant": (
        _Source(
            "tenant",
            rf"(?i)tenant(?:[_.-]?id)?{_IS}"
            rf"({_UUID})",
        ),
        _Source(
            "login.microsoft login.chinacloudapi login.partner.microsoft sts.windows.net",
            r"(?i)(?:login\.(?:microsoftonline|partner\.microsoftonline|chinacloudapi)\.(?:com|us|cn)|sts\.windows\.net)/"
            rf"({_UUID})",
        ),
        _Source("clientsecretcredential", rf"(?i){_THREE}[\"'`]({_UUID})[\"'`]"),
    ),
    "client_id": (
        _Source(
            "client app",
            rf"(?i)(?:client|app(?:lication)?)[_.-]?id{_IS}"
            rf"({_UUID})",
        ),
        _Source("login", rf"(?i)\blogin\b.{{0,200}}?\s(?:-u|--username)[ =][\"']?({_UUID})\b"),
        _Source("--application-id", rf"(?i)--application-id[ =][\"']?({_UUID})\b"),
        _Source(
            "clientsecretcredential",
            rf"(?i){_THREE}[\"'`]{_UUID}[\"'`]\s{{0,4}},\s{{0,40}}[\"'`]({_UUID})[\"'`]",
        ),
    ),
    "email": (
        _Source(".gserviceaccount.com", r"\b([a-z0-9-]{3,40}@[a-z0-9.-]{4,60}\.gserviceaccount\.com)\b"),
    ),
    "private_key_id": (
        _Source("private_key_id", r"private_key_id[\"']\s{0,4}:\s{0,4}[\"']([0-9a-f]{40})\b"),
    ),
    "project": (_Source("project", rf"(?i)project[_-]?id{_IS}([a-z][a-z0-9-]{{4,28}}[a-z0-9])\b"),),
    "s3_hint": (
        _Source(
            "s3 endpoint minio host_b",
            r"(?i)(\btype\s{0,4}=\s{0,4}s3\b|endpoint|minio|host_base|host_bucket|\bs3\.|s3cfg)",
        ),
    ),
    "azure_hint": (
        _Source(
            "azure storage core.windows.net",
            r"(?i)\b(azure|storage account|blob storage|core\.windows\.net|storageaccount)",
        ),
    ),
    "google_hint": (
        _Source(
            "service_account gserviceaccount googleapis private_key_id",
            r"(?i)(service_account|gserviceaccount|googleapis\.com|private_key_id)",
        ),
    ),
    "google_user_hint": (
        _Source(
            "refresh authorized_user googleusercontent gcloud",
            r"(?i)(refresh[_-]?token|authorized_user|apps\.googleusercontent\.com|gcloud)",
        ),
    ),
    "google_client_id": (
        _Source(
            ".apps.googleusercontent.com", r"\b([0-9]{6,20}-[a-z0-9]{8,40}\.apps\.googleusercontent\.com)\b"
        ),
    ),
    "post_policy": (
        _Source(
            "eyj", r"[\"'=\s>](eyJ(?:leHBpcmF0aW9u|jb25kaXRpb25z)[A-Za-z0-9+/]{40,4000}={0,2})", reach=4096
        ),
    ),
    "session_token": (
        _Source(
            "session security",
            r"(?i)(aws_session_token|sessiontoken|x-amz-security-token|\bsecurity_?token|_security_token)\b",
        ),
    ),
}
_NOT_A_NAME = {
    "account": frozenset(
        "name key sas token none null true false string type account storage value the your securestring "
        "secureobject object default defaultvalue metadata".split()
    ),
    "container": frozenset("name none null true false string container value the your sas token key".split()),
    "bucket": frozenset("name none null true false string bucket value the your".split()),
}


ALIASES = {
    "compatible_key_id": "key_id",
    "gcs_key_id": "key_id",
    "alibaba_key_id": "key_id",
    "b2_key_id": "key_id",
    "post_policy": "policy",
    "private_key_id": "key_id",
    "google_client_id": "client_id",
}
"""Where the same name is written differently elsewhere: what is sought -> what it is called."""
NAMES = frozenset(_SOURCES)
"""What a rule can ask to have stitched."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name near a credential."""

    value: str
    start: int
    end: int
    line_start: str
    """What stands before it on its line: the variable it is assigned to."""
    account: str | None = None
    """The account that the same text puts it under."""


@dataclass(frozen=True, slots=True)
class _Block:
    """The candidates for one name that begin in one block, in order, and where they begin."""

    candidates: list[Candidate]
    starts: list[int]


class Surroundings:
    """What stands around the credentials of one document.

    Each block of it is read once, however many credentials ask.
    """

    def __init__(self, document: bytes) -> None:
        self.document = document
        self._views: dict[tuple[int, bool, bool], View] = {}
        self._blocks: dict[tuple[int, bool, bool, str], _Block] = {}

    def nearby(
        self, start: int, end: int, name: str, *, steps: tuple[str, ...] = (), account: str | None = None
    ) -> Candidate | None:
        """Return the best candidate for `name` around `document[start:end]`, or `None`.

        steps: how the credential was wrapped; its neighbours may be so too.
        account: what is known already: the container of another account is none of this one's.
        """
        mine = _variable_of(self.document, start)
        best: tuple[float, Candidate] | None = None
        for each in self._around(start, end, name, steps):
            if each.start < end and each.end > start:
                continue
            if max(start - each.end, each.start - end) > REACH:
                continue
            if each.account is not None and account is not None and each.account != account:
                continue
            distance = float(start - each.end) if each.end <= start else (each.start - end) * _AFTER_WEIGHT
            if _kin(mine, each.line_start):
                distance *= _KINSHIP_WEIGHT
            if best is None or distance < best[0]:
                best = (distance, each)
        return best[1] if best else None

    def _around(self, start: int, end: int, name: str, steps: tuple[str, ...]) -> Iterator[Candidate]:
        """Yield the nearest candidates on either side: a text made of names must not cost their square."""
        values, percent = "base64" in steps, "percent-encoding" in steps
        left = _MOST_CANDIDATES
        for index in range(start // BLOCK, max(-1, (start - REACH) // BLOCK - 1), -1):
            block = self._block(index, name, values=values, percent=percent)
            stop = bisect_right(block.starts, start)
            yield from block.candidates[max(0, stop - left) : stop]
            left -= min(left, stop)
            if not left:
                break
        left = _MOST_CANDIDATES
        for index in range(start // BLOCK, min(len(self.document), end + REACH) // BLOCK + 1):
            block = self._block(index, name, values=values, percent=percent)
            first = bisect_right(block.starts, start)
            own = block.candidates[first : first + left]
            yield from own
            left -= len(own)
            if not left:
                break

    def _block(self, index: int, name: str, *, values: bool, percent: bool) -> _Block:
        known = self._blocks.get((index, values, percent, name))
        if known is not None:
            return known
        low = index * BLOCK
        found = [
            each
            for each in _candidates(self._view(index, values=values, percent=percent), name)
            if low <= each.start < low + BLOCK
        ]
        found.sort(key=lambda each: each.start)
        block = _Block(found, [each.start for each in found])
        self._blocks[index, values, percent, name] = block
        return block

    def _view(self, index: int, *, values: bool, percent: bool) -> View:
        known = self._views.get((index, values, percent))
        if known is not None:
            return known
        low, high = max(0, index * BLOCK - _MARGIN), min(len(self.document), (index + 1) * BLOCK + _MARGIN)
        view = unescape(raw_view(self.document, low, high))
        if values:
            view = decode_values(view)
        if percent:
            view = unquote(view)
        self._views[index, values, percent] = view
        return view


def _places(text: bytes, word: bytes) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _candidates(view: View, name: str) -> Iterator[Candidate]:
    refused = _NOT_A_NAME.get(name, frozenset())
    lower = view.data.lower()
    for source in _SOURCES[name]:
        found = (source.regex.finditer(view.data, low, high) for low, high in source.stretches(lower))
        for match in chain.from_iterable(found):
            group = "value" if match.re.groups > 1 else 1
            value = match[group].decode("latin-1")
            if name in ("account", "container"):
                value = value.lower()
            if value in refused:
                continue
            start, end = view.source(match.start(group)), view.source(match.end(group))
            account = match["account"].decode("latin-1").lower() if match.re.groups > 1 else None
            yield Candidate(value, start, end, _variable_of(view.data, match.start()), account)


def _variable_of(data: bytes, at: int) -> str:
    """Return the beginning of the line on which `at` stands, in lower case, up to the assignment."""
    low = max(0, at - 200)
    begin = max(low, data.rfind(b"\n", low, at) + 1)
    head = data[begin : at + 40].split(b"=", 1)[0].split(b":", 1)[0]
    return head.decode("latin-1").strip(" \t\"'").lower()


def _kin(mine: str, other: str) -> bool:
    if mine[:_MIN_KINSHIP] != other[:_MIN_KINSHIP]:
        return False
    shared = 0
    for a, b in zip(mine, other, strict=False):
        if a != b:
            break
        shared += 1
    return (
        shared >= _MIN_KINSHIP
        and shared < max(len(mine), len(other))
        and not mine[shared - 1 : shared].isspace()
    )
