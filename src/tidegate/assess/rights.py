"""What rights amount to: which of them change, add, read or list, and what that means in words."""

from __future__ import annotations

from tidegate.model.grant import Permission

P = Permission

CHANGES = frozenset(
    {
        P.WRITE,
        P.UPDATE,
        P.MOVE,
        P.DELETE,
        P.DELETE_VERSION,
        P.PERMANENT_DELETE,
        P.DELETE_CONTAINERS,
        P.PROCESS,
    }
    | {P.SET_POLICY, P.OWNERSHIP, P.IMMUTABILITY, P.SERVICE_SETTINGS, P.UNKNOWN}
)
ADDS = frozenset({P.CREATE, P.ADD, P.CREATE_CONTAINERS, P.TAGS})
READS = frozenset({P.READ, P.PROCESS})
LISTS = frozenset({P.LIST, P.LIST_CONTAINERS, P.FILTER_BY_TAGS})


def rights_words(held: set[Permission], policy: str | None) -> str:
    """Say what somebody can do who holds these. policy: the stored policy that holds them, if one does."""
    if held == {P.UNKNOWN}:
        if policy:
            return f"what it permits is held by the policy {policy}: judged as if that allows everything"
        return "what it permits cannot be read from it: judged as if it may write"
    if held & (CHANGES - {P.UNKNOWN}):
        deeds = []
        if held & {P.WRITE, P.UPDATE, P.MOVE}:
            deeds.append("overwrite")
        if held & {P.DELETE, P.DELETE_VERSION, P.PERMANENT_DELETE, P.DELETE_CONTAINERS, P.PROCESS}:
            deeds.append("delete")
        if held & {P.SET_POLICY, P.OWNERSHIP, P.IMMUTABILITY, P.SERVICE_SETTINGS}:
            deeds.append("change settings or permissions")
        read = ", besides reading" if held & READS else ""
        return f"it may {' and '.join(deeds)}{read}: contents can be poisoned or lost"
    if P.UNKNOWN in held:
        return "it does not say whether it may write: judged as if it may"
    if held & ADDS:
        return "it may add what is not there yet: others can be served foreign contents"
    if held & READS and held & LISTS:
        return "it may list and read: everything can be found and copied"
    if held & READS:
        return "it may read"
    return "it may list names" if held & LISTS else "it permits next to nothing"
