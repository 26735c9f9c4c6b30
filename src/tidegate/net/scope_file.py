"""Reading the scope file, `tidegate.toml`."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from tidegate.errors import ConfigError, OutOfScopeError
from tidegate.net.address import split_url
from tidegate.net.limits import Budget
from tidegate.net.names import MANAGEMENT, PROVIDERS, SERVICES, checked_pattern

_LARGEST_FILE_BYTES: Final = 1 << 20
_TABLES: Final = ("scope", "endpoints", "budget")
_UNITS: Final = {"": 1, "B": 1} | {
    f"{letter}{kind}": base**power
    for power, letter in enumerate("KMGT", 1)
    for kind, base in (("B", 1000), ("iB", 1024))
}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]{0,3})")


class Parts(TypedDict):
    """What a scope file holds: the fields of `Scope`."""

    names: dict[str, tuple[str, ...]]
    endpoints: dict[str, dict[str, str]]
    ca: Path | None
    budget: Budget


def read(path: Path) -> Parts:
    """Read a scope file. Raises `ConfigError`, naming the file and the key, for anything not understood."""
    table = _parsed(path)
    _only(table, _TABLES, str(path))
    scope, endpoints, budget = (_table(table, key, str(path)) for key in _TABLES)
    _only(scope, PROVIDERS, f"{path}: [scope]")
    names = {provider: _names(value, f"{path}: [scope] {provider}") for provider, value in scope.items()}
    _only(endpoints, (*PROVIDERS, *MANAGEMENT, "ca"), f"{path}: [endpoints]")
    ca = endpoints.pop("ca", None)
    return Parts(
        names=names,
        endpoints=checked_endpoints(endpoints, f"{path}: [endpoints]"),
        ca=None if ca is None else _file(ca, path),
        budget=_budget(budget, f"{path}: [budget]"),
    )


def checked_endpoints(given: Mapping[str, Any], where: str) -> dict[str, dict[str, str]]:
    """Return provider -> service -> address, without slashes at the end.

    A text stands for all services of the provider. where: how an error names the place. Raises `ConfigError`.
    """
    _only(given, (*PROVIDERS, *MANAGEMENT), where)
    found: dict[str, dict[str, str]] = {}
    for provider, value in given.items():
        services = SERVICES.get(provider, ("management",))
        by_service = value if isinstance(value, Mapping) else dict.fromkeys(services, value)
        _only(by_service, services, f"{where} {provider}")
        found[provider] = {s: _endpoint(url, f"{where} {provider}") for s, url in by_service.items()}
        if provider == "azure" and not all("{account}" in url for url in found[provider].values()):
            hint = 'For instance "http://127.0.0.1:10000/{account}".'
            raise ConfigError(f"{where} azure does not say where the account's name goes", hint=hint)
    return found


def _endpoint(url: object, where: str) -> str:
    if not isinstance(url, str):
        raise ConfigError(
            f"{where} must be an address", hint='For instance "http://127.0.0.1:10000/{account}".'
        )
    url = url.rstrip("/")
    try:
        parts = split_url(url.replace("{account}", "account").replace("{service}", "blob"))
    except OutOfScopeError as error:
        raise ConfigError(
            f"{where}: {error}", hint="It begins with http:// or https:// and holds no query."
        ) from None
    if parts.query is not None:
        raise ConfigError(f"{where} must hold no query")
    return url


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if len(text) > _LARGEST_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {_LARGEST_FILE_BYTES >> 20} MiB: it is no scope file")
    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None


def _table(table: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: {key} must be a table", hint=f"Write [{key}] on a line of its own.")
    return dict(value)


def _only(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
            raise ConfigError(f"{where}: unknown key {key!r}", hint=hint)


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(
            f"{where} must be a list of names", hint='For instance ["contosomodels", "contoso-*"].'
        )
    try:
        return tuple(dict.fromkeys(map(checked_pattern, value)))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}", hint=error.hint) from None


def _file(value: object, scope_file: Path) -> Path:
    where = f"{scope_file}: [endpoints] ca"
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{where} must be the name of a file")
    path = scope_file.parent / value
    if not path.is_file():
        raise ConfigError(f"{where}: there is no file {path}")
    return path


def _budget(table: Mapping[str, Any], where: str) -> Budget:
    _only(table, ("requests_per_second", "requests", "bytes_read", "seconds"), where)
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key == "bytes_read":
            given[key] = _size_bytes(value, f"{where} {key}")
        elif key == "requests":
            given[key] = _whole(value, f"{where} {key}")
        else:
            given[key] = _positive(value, f"{where} {key}")
    return Budget(**given)


def _positive(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ConfigError(f"{where} must be a number above 0")
    return float(value)


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{where} must be a whole number, 0 or more")
    return value


def _size_bytes(value: object, where: str) -> int:
    if isinstance(value, str):
        match = _SIZE.fullmatch(value)
        if match and match[2] in _UNITS:
            return int(float(match[1]) * _UNITS[match[2]])
        raise ConfigError(
            f"{where}: {value!r} is no size", hint='For instance "5 GiB", "200 MB", or a number of bytes.'
        )
    return _whole(value, where)
