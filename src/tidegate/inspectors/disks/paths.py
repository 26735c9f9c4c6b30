"""The paths that are asked for first in a disk image: those that hold what opens other things."""

from __future__ import annotations

from typing import Final

HOMES: Final = ("Users", "home", "Documents and Settings")
NOT_PEOPLE: Final = frozenset(
    (
        "public",
        "default",
        "default user",
        "all users",
        "shared",
        "guest",
        "lost+found",
        "defaultuser0",
        ".localized",
    )
)
_LOCAL, _ROAMING, _SUPPORT = "AppData/Local/", "AppData/Roaming/", "Library/Application Support/"

FOLDERS: Final = {
    ".ssh": "keys",
    ".gnupg": "keys",
    ".aws": "clouds",
    ".azure": "clouds",
    ".kube": "clouds",
    ".docker": "clouds",
    ".config/gcloud": "clouds",
    ".config/gh": "clouds",
    _ROAMING + "gcloud": "clouds",
    ".password-store": "vaults",
    _LOCAL + "1Password": "vaults",
    _LOCAL + "KeePass": "vaults",
    _ROAMING + "Microsoft/Credentials": "vaults",
    _ROAMING + "Microsoft/Protect": "vaults",
    "Library/Keychains": "vaults",
    _LOCAL + "Google/Chrome/User Data": "browsers",
    _LOCAL + "Microsoft/Edge/User Data": "browsers",
    _ROAMING + "Mozilla/Firefox/Profiles": "browsers",
    ".config/google-chrome": "browsers",
    ".mozilla/firefox": "browsers",
    _SUPPORT + "Google/Chrome": "browsers",
    _LOCAL + "Microsoft/Outlook": "mail",
    _ROAMING + "Microsoft/Teams": "teams",
    _LOCAL + "Packages/MSTeams_8wekyb3d8bbwe": "teams",
    ".config/Microsoft/Microsoft Teams": "teams",
    _SUPPORT + "Microsoft/Teams": "teams",
    _ROAMING + "Slack": "slack",
    ".config/Slack": "slack",
    _SUPPORT + "Slack": "slack",
    _ROAMING + "FileZilla": "logins",
    _ROAMING + "DBeaverData": "logins",
}
"""Of a person: folder -> what it is."""

FILES: Final = {
    ".netrc": "logins",
    ".git-credentials": "logins",
    ".npmrc": "logins",
    ".pypirc": "logins",
    ".env": "logins",
    _ROAMING + "WinSCP.ini": "logins",
    ".bash_history": "histories",
    ".zsh_history": "histories",
    _ROAMING + "Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt": "histories",
}
"""Of a person: file -> what it is. Small ones are read."""

SYSTEM: Final = {
    "Windows/System32/config/SAM": "password_stores",
    "Windows/NTDS/ntds.dit": "password_stores",
    "etc/shadow": "password_stores",
    "etc/ssh": "host_keys",
    "hiberfil.sys": "memory_files",
    "pagefile.sys": "memory_files",
    "var/lib/mysql": "databases",
}
SYSTEMS: Final = (
    ("Windows/System32", "Windows"),
    ("Library/CoreServices", "macOS"),
    ("System/Library", "macOS"),
    ("etc/passwd", "Linux"),
)

STORES: Final = {
    "browsers": (
        "Default/Login Data",
        "Default/Network/Cookies",
        "Default/Cookies",
        "Default/History",
        "*/logins.json",
        "*/cookies.sqlite",
        "*/places.sqlite",
    ),
    "teams": (
        "IndexedDB/*.leveldb/CURRENT",
        "LocalCache/Microsoft/MSTeams/EBWebView/*/IndexedDB/*.leveldb/CURRENT",
    ),
    "slack": ("IndexedDB/*.leveldb/CURRENT",),
    "mail": ("*.pst", "*.ost"),
}
"""Files in such a folder that are counted: passwords, messages. A star stands for any name, or its start."""

WORDS: Final = {
    "keys": ("folder for SSH or PGP keys", "folders for SSH or PGP keys", "private_key"),
    "clouds": ("folder for cloud credentials", "folders for cloud credentials", "cloud_credentials"),
    "vaults": ("password store", "password stores", "password_vault"),
    "browsers": ("browser profile", "browser profiles", "browser_profile"),
    "mail": ("mail store", "mail stores", "mail_archive"),
    "teams": ("Teams store", "Teams stores", "chat_store"),
    "slack": ("Slack store", "Slack stores", "chat_store"),
    "logins": ("file of saved logins", "files of saved logins", "cloud_credentials"),
    "histories": ("shell history", "shell histories", "shell_history"),
    "password_stores": ("system's password store", "system's password stores", "windows_secrets"),
    "host_keys": ("folder of a server's keys", "folders of a server's keys", "private_key"),
    "memory_files": ("copy of memory", "copies of memory", "memory_dump"),
    "databases": ("folder of databases", "folders of databases", "database"),
}
"""What was found -> one, many, and the id in `kinds.toml` whose severity it has."""
