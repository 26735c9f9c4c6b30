"""Registry hives and ESE databases: which one it is; two hold the passwords of a machine or a domain.

Source: github.com/msuhanov/regf, "Windows registry file format specification", base block.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import base, judged, of_a_test, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_SECRET: Final = {
    "sam": "the passwords of a Windows machine's users, as hashes",
    "system": "the settings of a Windows machine, with the key to its password hashes",
    "security": "the secrets of a Windows machine: cached logins and passwords of services",
}
_DATABASE_NAMES: Final = {
    "ntds.dit": ("windows_secrets", "the passwords of a whole Windows domain, as hashes"),
    "webcachev01.dat": ("browser_profile", "what a browser of Windows visited and downloaded"),
    "windows.edb": (
        "database",
        "the index of what a Windows machine holds, with texts of mails and documents",
    ),
}


class WindowsStore:
    """Reads the first 4 KiB, where a hive says its name."""

    id = "windows_store"
    order = 20

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by magic."""
        del tail, name
        return (head.startswith(b"regf") or head[4:8] == b"\xef\xcd\xab\x89") and size_bytes >= 4096

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say which store it is, by what it calls itself, else by its name."""
        del context
        head = data.read(0, 4096)
        if not head.startswith(b"regf"):
            kind_id, words = _DATABASE_NAMES.get(base(name), ("database", "an ESE database"))
            severity = Severity.MEDIUM if kind_id == "database" else None
            return judged(kind_id, seen(kind_id, words, inspector=self.id, severity=severity))
        own = head[48:112].decode("utf-16-le", "ignore").split("\x00", 1)[0].replace("\\", "/").lower()
        called = {base(own), re.sub(r"\.(?:bak|old|sav|hiv|hive|dat)\Z", "", base(name))}
        secret = next((each for each in _SECRET if each in called), "")
        if secret:
            severity = Severity.LOW if of_a_test(name) else None
            return judged(
                "windows_secrets",
                seen("windows_secrets", _SECRET[secret], inspector=self.id, severity=severity),
            )
        words = "a Windows registry hive"
        if {"ntuser.dat", "ntuser", "usrclass.dat", "usrclass"} & called:
            words = "the registry of a Windows user: programs, servers, files used"
        note = seen("system_backup", words, inspector=self.id, severity=Severity.MEDIUM)
        return judged("system_backup", note)


PLUGIN = WindowsStore()
