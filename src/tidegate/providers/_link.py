"""Reading links that other people mangled: any parameter order, raw `+` and `/`, `&amp;`, no host."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from tidegate.records import dataclass

MASK = "REDACTED"
"""Stands in the place of every secret part."""

LONGEST_SHOWN = 600
"""Characters of a redacted text; the rest is cut, a report is no place for a page of query."""

LONGEST_LINK = 64 * 1024
"""Characters of a link that are read; no server takes longer ones."""

LONGEST_NAME = 40
"""Characters of a parameter's name; longer ones are tokens that stand without a name."""

# `&amp;` and `\u0026` are undone by the detector; a link pasted to `decode` by hand may still have them.
_SEPARATOR = re.compile(r"&(?:amp;|#38;|#x26;)?|\\u0026", re.IGNORECASE)
_FRAGMENT = re.compile(r"(?<!&)#")
"""Begins the fragment; `&#38;` is an ampersand."""
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31})://([^/?#]*)")
_MARKUP = re.compile("[ <>\"'`&?#]")
_PORT = re.compile(r"^(.*):(\d{1,5})$")


def names(text: str) -> tuple[str, ...]:
    """Return the blank-separated words of a table of names."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link, a path with a query, or a bare query, taken apart and percent-decoded."""

    scheme: str = ""
    user: str = ""
    """What stands before `@`: the container of a `wasbs://` address. May be a password."""
    host: str = ""
    """Lower case, without port; empty when the text names none."""
    port: int | None = None
    path: str = ""
    """Decoded, without the leading slash."""
    values: Mapping[str, tuple[str, ...]]
    """Parameter in lower case -> its values, decoded, in order."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Name and decoded value as they stand."""

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of `name`, which is given in lower case."""
        return self.values.get(name, (default,))[0]

    def has(self, name: str) -> bool:
        """Tell whether the parameter stands there, even empty."""
        return name in self.values

    @property
    def endpoint(self) -> str | None:
        """Host and port, or `None` when the text names no host."""
        if not self.host:
            return None
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path that are not empty."""
        return tuple(part for part in self.path.split("/") if part)

    def contradictions(self) -> tuple[str, ...]:
        """Name the parameters that stand twice with different values."""
        twice = sorted(name for name, values in self.values.items() if len(set(values)) > 1)
        return tuple(
            f"the parameter {name[:40]} stands more than once with different values" for name in twice
        )


def read_link(text: str) -> Link:
    """Take any text apart; what is no link at all comes back as a path without parameters.

    A bare query is known by its first `=` standing before any `/`, `?` or `:`.
    """
    text = text[:LONGEST_LINK].strip().strip("\"'`<>")
    scheme = authority = ""
    if found := _AUTHORITY.match(text):
        scheme, authority = found[1].lower(), found[2]
        text = text[found.end() :]
    elif not re.match(r"[^/?:=&]{1,40}=", text):
        scheme, authority, text = _without_scheme(text)
    else:
        text = "?" + text
    before, _, query = text.partition("?")
    path, _, _ = before.partition("#")
    if "#" in query:
        query = _FRAGMENT.split(query, maxsplit=1)[0]
    user, _, hostport = authority.rpartition("@")
    host, port = _host_and_port(hostport)
    pairs: tuple[tuple[str, str], ...] = ()
    values: dict[str, list[str]] = {}
    if query:
        pairs = tuple([_pair(part) for part in _SEPARATOR.split(query.lstrip("?&")) if part])
        for name, value in pairs:
            values.setdefault(name.lower(), []).append(value)
    return Link(
        scheme=scheme,
        user=unquote(user) if user else "",
        host=host,
        port=port,
        path=unquote(path).lstrip("/"),
        values={name: tuple(each) for name, each in values.items()},
        pairs=pairs,
    )


def _without_scheme(text: str) -> tuple[str, str, str]:
    """`host.name/path?…` without a scheme is a host only where it has a dot before the first slash."""
    head, slash, rest = text.partition("/")
    if slash and re.fullmatch(r"[A-Za-z0-9$_-]+(\.[A-Za-z0-9_-]+)+(:\d{1,5})?", head):
        return "", head, slash + rest
    return "", "", text


def _host_and_port(text: str) -> tuple[str, int | None]:
    found = _PORT.match(text) if ":" in text else None
    if found is None:
        return text.lower().rstrip("."), None
    port = int(found[2])
    return found[1].lower().rstrip("."), None if port in (80, 443) else port


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    # A raw `+` in a signature or a date is a plus: these services never write a blank.
    return unquote(name), unquote(value).strip()


def redact_link(text: str, harmless: frozenset[str], path: Callable[[Link], str] | None = None) -> str:
    """Return the link with the value of every parameter that is not in `harmless` replaced.

    An allow list, because nobody knows what else people put into a query. Passwords before `@` and
    fragments are dropped; `path` says how the path is shown where it is a secret itself.
    """
    link = read_link(text)
    shown = [
        f"{_plain(name) if len(name) <= LONGEST_NAME else MASK}="
        f"{_plain(value) if name.lower() in harmless else MASK}"
        for name, value in link.pairs
    ]
    start = f"{link.scheme}://" if link.scheme else ""
    if link.scheme.startswith(("wasb", "abfs")) and ":" not in link.user and link.user:
        start += f"{_plain(link.user)}@"
    where = path(link) if path else link.path
    middle = f"{link.endpoint or ''}/{_plain(where)}" if link.host else (f"/{_plain(where)}" if where else "")
    return cut(f"{start}{middle}{'?' if shown and (start or middle) else ''}{'&'.join(shown)}")


def _plain(text: str) -> str:
    text = text[:200]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else "_" for each in text)
    return _MARKUP.sub("_", text)


def cut(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Return the text, cut to `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
