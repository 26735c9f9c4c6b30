"""Makes shared access signatures for the simulated account: with its own keys, which are no secret."""

from __future__ import annotations

from urllib.parse import quote

from tidegate.lab.account import Account
from tidegate.providers.azure.canonical import Target, sign, string_to_sign

_LIKE_2023 = {
    "ss": "bfqt",
    "srt": "sco",
    "sp": "rwdlacupiytfx",
    "se": "2051-10-06T00:00:00Z",
    "spr": "https,http",
}
"""The kind of the 2023 incident: everything, for 28 years.
Source: Wiz, "38TB of data accidentally exposed by Microsoft AI researchers", 18 September 2023."""


def account_sas(account: Account, *, key: int = 0, version: str = "2020-08-04", **changed: str) -> str:
    """Return a query that opens the account; `changed`: parameters other than those of 2023, empty to omit.

    key: 0 or 1.
    """
    params = {"sv": version, **_LIKE_2023, **changed}
    return _signed(account, {name: value for name, value in params.items() if value}, "", key)


def service_sas(
    account: Account, path: str, *, key: int = 0, version: str = "2020-08-04", **changed: str
) -> str:
    """Return a query that opens a container, or one blob: `path` is `container` or `container/name`."""
    params = {
        "sv": version,
        "sr": "b" if "/" in path else "c",
        "sp": "r" if "/" in path else "rl",
        "se": _LIKE_2023["se"],
        **changed,
    }
    return _signed(account, {name: value for name, value in params.items() if value}, path, key)


def _signed(account: Account, params: dict[str, str], path: str, key: int) -> str:
    text = string_to_sign(params, Target(account=account.name, path=path))
    signed = {**params, "sig": sign(text, account.keys[key])}
    return "&".join(
        f"{name}={quote(value, safe=',:' if name != 'sig' else '')}" for name, value in signed.items()
    )
