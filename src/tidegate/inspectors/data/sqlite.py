"""SQLite databases, by the names of their tables: of a browser, a chat program, a wallet, an application."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import base, judged, of_a_test, plural, quoted, seen
from tidegate.inspectors.data._sqlite_counts import counts, weight
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity
from tidegate.packing.sqlite_schema import MAGIC, Entry, schema

_KNOWN: Final[tuple[tuple[frozenset[str], str, str], ...]] = (
    (frozenset(("logins", "stats")), "browser_profile", "passwords saved in a browser"),
    (frozenset(("moz_logins",)), "browser_profile", "passwords saved in Firefox"),
    (frozenset(("nssprivate", "metadata")), "browser_profile", "keys to the passwords saved in Firefox"),
    (frozenset(("nssprivate",)), "browser_profile", "keys and certificates of Firefox"),
    (frozenset(("cookies", "meta")), "browser_profile", "cookies of a browser's open sessions"),
    (frozenset(("moz_cookies",)), "browser_profile", "cookies of Firefox's open sessions"),
    (frozenset(("moz_places", "moz_historyvisits")), "browser_profile", "pages visited with Firefox"),
    (frozenset(("urls", "visits")), "browser_profile", "pages visited with a browser"),
    (frozenset(("history_items", "history_visits")), "browser_profile", "pages visited with Safari"),
    (frozenset(("completionhistory", "history")), "browser_profile", "pages visited with qutebrowser"),
    (
        frozenset(("remote_devices", "history", "visits")),
        "browser_profile",
        "pages visited with Firefox on a phone",
    ),
    (frozenset(("credit_cards", "autofill")), "browser_profile", "forms and cards saved in a browser"),
    (frozenset(("moz_formhistory",)), "browser_profile", "forms filled in with Firefox"),
    (frozenset(("message", "handle", "chat")), "chat_store", "messages of a phone or Mac"),
    (frozenset(("message", "jid", "chat")), "chat_store", "messages of WhatsApp"),
    (frozenset(("messages", "chat_list")), "chat_store", "messages of WhatsApp"),
    (frozenset(("zwamessage",)), "chat_store", "messages of WhatsApp"),
    (frozenset(("messages", "conversations", "folderlocations")), "mail_archive", "mail of Thunderbird"),
    (frozenset(("conversations", "messages")), "chat_store", "messages of a chat program"),
    (frozenset(("messages", "contacts", "conversations")), "chat_store", "messages of Skype"),
    (frozenset(("mails", "folders")), "mail_archive", "mail of a mail program"),
    (frozenset(("messages", "addresses", "subjects")), "mail_archive", "mail of Apple Mail"),
    (frozenset(("abperson", "abmultivalue")), "contacts", "address book of a phone"),
    (frozenset(("zabcdrecord",)), "contacts", "address book of a Mac"),
    (frozenset(("genp", "inet", "keys")), "password_vault", "an Apple keychain"),
    (frozenset(("access_tokens",)), "cloud_credentials", "tokens of Google's command line"),
    (frozenset(("credentials", "value")), "cloud_credentials", "logins of Google's command line"),
)
_DULL: Final = re.compile(
    r"\A(?:sqlite_.*|android_metadata|django_(?:migrations|content_type)|alembic_version|meta|metadata|version|schema_version)\Z"
)
_DULL_NAMES: Final = re.compile(
    r"(?:cache|favicons?|thumbs|index|\.coverage|history\.sqlite|bundle|docset|tags)"
)
_COLUMNS: Final = re.compile(r"[(,]\s*[\"`\[]?([A-Za-z_]\w{0,60})[\"`\]]?(?=\s+[A-Za-z]|\s*[,)])")


class Sqlite:
    """Reads the schema, and counts rows of the tables that it knows."""

    id = "sqlite"
    order = 30

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by magic."""
        del tail, size_bytes, name
        return head.startswith(MAGIC)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say whose database it is, as far as its tables tell."""
        try:
            entries, complete = schema(data.read)
        except ValueError as why:
            note = seen("database", f"a SQLite database that cannot be read: {why}", severity=Severity.LOW)
            return judged("database", note)
        tables = [entry for entry in entries if entry.type == "table"]
        names = {entry.name.lower() for entry in tables}
        kind_id, words = next(
            ((kind, said) for needs, kind, said in _KNOWN if needs <= names), ("database", "")
        )
        severity = Severity.LOW if of_a_test(name) else None
        own = [entry.name for entry in tables if not _DULL.match(entry.name.lower())]
        numbers, said = counts(data, kind_id, tables)
        words += said
        if severity is None:
            severity = weight(kind_id, numbers)
        if not words:
            words, severity = _application(own, base(name), severity, complete=complete)
        elif of_a_test(name):
            words += "; its path says it is material of a test suite"
        step = Step.SAMPLE
        numbers["tables"] = len(tables)
        note = seen(kind_id, words, inspector=self.id, severity=severity, step=step, numbers=numbers)
        return judged(kind_id, note, *_people(tables, name, context))


def _application(
    own: list[str], file_name: str, severity: Severity | None, *, complete: bool
) -> tuple[str, Severity | None]:
    if not own:
        return "SQLite database without tables of its own", Severity.INFO
    some = ", ".join(quoted(each) for each in own[:6])
    least = "" if complete else "at least "
    words = f"SQLite database: {least}{plural(len(own), 'table')} ({some}{', …' if len(own) > 6 else ''})"
    # A program's own store is no application's database until its tables speak of people.
    people = any(
        re.search(
            r"user|customer|account|person|patient|employee|member|order|payment|invoice|message",
            each.lower(),
        )
        for each in own
    )
    dull = _DULL_NAMES.search(file_name)
    return words, severity or (Severity.MEDIUM if people and not dull else Severity.INFO)


def _people(tables: list[Entry], name: str, context: Context) -> list[Observation]:
    """Have the names of columns looked at: no row is read."""
    found: list[Observation] = []
    for table in tables[:200]:
        columns = _COLUMNS.findall(table.sql)
        if columns:
            found += context.sample(b"", f"{name}!/{table.name}", columns)
    return found


PLUGIN = Sqlite()
