"""What the letters of `sp` permit, by kind of signature, service and level.

Sources: learn.microsoft.com/rest/api/storageservices/create-account-sas ("Account SAS permissions by
operation"), …/create-service-sas ("Specify permissions"), …/create-user-delegation-sas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tidegate.model.grant import Permission
from tidegate.providers._seal import in_order
from tidegate.records import dataclass

P = Permission
Letters = Mapping[str, tuple[P, ...]]

SERVICE_LETTERS: Mapping[str, str] = {"b": "blob", "f": "file", "q": "queue", "t": "table"}

# An account SAS: level (`srt`) -> letter -> what it permits. Service and container level are alike for
# all services; at the object level the services differ.
_SERVICE_LEVEL: Letters = {
    "r": (P.PROPERTIES,),
    "l": (P.LIST_CONTAINERS,),
    "w": (P.SERVICE_SETTINGS,),
}
_CONTAINER_LEVEL: Letters = {
    "r": (P.PROPERTIES,),
    "l": (P.LIST,),
    "c": (P.CREATE_CONTAINERS,),
    "w": (P.CREATE_CONTAINERS,),  # and the containers' metadata
    "d": (P.DELETE_CONTAINERS,),
    "f": (P.FILTER_BY_TAGS,),
}
_OBJECT_LEVEL: Mapping[str, Letters] = {
    "blob": {
        "r": (P.READ,),
        "a": (P.ADD,),
        "c": (P.CREATE,),
        "w": (P.WRITE,),
        "d": (P.DELETE,),
        "x": (P.DELETE_VERSION,),
        "y": (P.PERMANENT_DELETE,),
        "t": (P.TAGS,),
        "f": (P.FILTER_BY_TAGS,),
        "i": (P.IMMUTABILITY,),
        "m": (P.MOVE,),
        "e": (P.EXECUTE,),
        "o": (P.OWNERSHIP,),
    },
    "file": {"r": (P.READ,), "c": (P.CREATE,), "w": (P.WRITE,), "d": (P.DELETE,)},
    "queue": {
        "r": (P.READ,),
        "a": (P.ADD,),
        "u": (P.UPDATE,),
        "p": (P.PROCESS,),
        "d": (P.DELETE,),
    },
    "table": {"r": (P.READ,), "a": (P.ADD,), "u": (P.UPDATE,), "d": (P.DELETE,)},
}
# Queues are listed at the service level and have nothing to list inside; tables are listed at the
# container level: both exceptions of the same page.
_CONTAINER_EXCEPTIONS: Mapping[str, Letters] = {
    "queue": {"l": (), "f": ()},
    "table": {"l": (P.LIST_CONTAINERS,), "f": ()},
    "file": {"f": ()},
}

# A service or user-delegation SAS: service -> letter -> what it permits.
_SIGNED_RESOURCE: Mapping[str, Letters] = {
    "blob": {
        "r": (P.READ,),
        "a": (P.ADD,),
        "c": (P.CREATE,),
        "w": (P.WRITE,),
        "d": (P.DELETE,),
        "x": (P.DELETE_VERSION,),
        "y": (P.PERMANENT_DELETE,),
        "l": (P.LIST,),
        "t": (P.TAGS,),
        "f": (P.FILTER_BY_TAGS,),
        "m": (P.MOVE,),
        "e": (P.EXECUTE,),
        "o": (P.OWNERSHIP,),
        "p": (P.SET_POLICY,),
        "i": (P.IMMUTABILITY,),
    },
    "file": {"r": (P.READ,), "c": (P.CREATE,), "w": (P.WRITE,), "d": (P.DELETE,), "l": (P.LIST,)},
    "queue": {"r": (P.READ,), "a": (P.ADD,), "u": (P.UPDATE,), "p": (P.PROCESS,)},
    # `q` is what early versions called reading.
    "table": {"r": (P.READ,), "q": (P.READ,), "a": (P.ADD,), "u": (P.UPDATE,), "d": (P.DELETE,)},
}
_KNOWN_TO_ACCOUNT_SAS = frozenset("rwdxylacuptfimeo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the letters say."""

    matrix: Mapping[str, tuple[P, ...]]
    unknown: str = ""
    """Letters we do not know: read as `Permission.UNKNOWN`, which counts as a write."""
    idle: str = ""
    """Known letters that have no effect here."""


def account_letters(services: tuple[str, ...], levels: str, letters: str) -> Read:
    """Return the effective rights of an account SAS: `ss` × `srt` × `sp`, nothing more.

    A level or letter we do not know adds `UNKNOWN` to every service.
    """
    unknown = _distinct(each for each in letters if each not in _KNOWN_TO_ACCOUNT_SAS)
    strange = unknown or any(level not in "sco" for level in levels)
    matrix: dict[str, tuple[P, ...]] = {}
    used: set[str] = set()
    for service in services:
        rights: set[P] = {P.UNKNOWN} if strange else set()
        for level in set(levels) & set("sco"):
            table = _level_table(level, service)
            for letter in set(letters) & set(table):
                rights.update(table[letter])
                if table[letter]:
                    used.add(letter)
        matrix[service] = in_order(rights)
    idle = _distinct(each for each in letters if each not in used and each not in unknown)
    return Read(matrix=matrix, unknown=unknown, idle=idle)


def resource_letters(service: str, letters: str) -> Read:
    """Return the rights of a service or user-delegation SAS on the resource it is signed for."""
    table = _SIGNED_RESOURCE.get(service, _SIGNED_RESOURCE["blob"])
    unknown = _distinct(each for each in letters if each not in table)
    rights = {right for each in letters for right in table.get(each, (P.UNKNOWN,))}
    return Read(matrix={service: in_order(rights)}, unknown=unknown)


def _level_table(level: str, service: str) -> Letters:
    if level == "s":
        return _SERVICE_LEVEL
    if level == "c":
        return {**_CONTAINER_LEVEL, **_CONTAINER_EXCEPTIONS.get(service, {})}
    return _OBJECT_LEVEL.get(service, _OBJECT_LEVEL["blob"])


def _distinct(letters: Iterable[str]) -> str:
    return "".join(dict.fromkeys(letters))


EVERYTHING: tuple[P, ...] = in_order(set(P) - {P.UNKNOWN, P.ADMIN, P.PROCESS, P.UPDATE})
"""What an account key may do to blobs; `KEY_MATRIX` has the other services."""

_KEY_COMMON = {
    P.READ,
    P.LIST,
    P.LIST_CONTAINERS,
    P.DELETE,
    P.CREATE_CONTAINERS,
    P.DELETE_CONTAINERS,
    P.SET_POLICY,
    P.PROPERTIES,
    P.SERVICE_SETTINGS,
    P.MINT,
}
KEY_MATRIX: Mapping[str, tuple[P, ...]] = {
    "blob": EVERYTHING,
    "file": in_order(_KEY_COMMON | {P.WRITE, P.CREATE, P.MOVE, P.PERMANENT_DELETE}),
    "queue": in_order(_KEY_COMMON | {P.ADD, P.UPDATE, P.PROCESS}),
    "table": in_order(_KEY_COMMON | {P.ADD, P.UPDATE}),
}
"""An account key permits everything, and mints further links.
Source: learn.microsoft.com/azure/storage/common/storage-account-keys-manage."""
