"""What must be told of the lab's spill, behind a link and in a folder alike: every count of what was put there."""

from __future__ import annotations

from typing import Any

from tidegate.lab import spill

MACHINES = spill.WORKSTATIONS
SENTENCE = (
    f"{MACHINES} copies of workstations' disks (with {MACHINES} private keys, {MACHINES * spill.LOGINS} logins "
    f"saved in browsers, {MACHINES} files of settings with secrets (.env), {MACHINES} shell histories, and "
    f"{MACHINES * spill.CHAT_MESSAGES:,} Teams messages), {spill.KEYS} private keys, 1 file of settings with "
    f"secrets (.env), {spill.GRAPH_MESSAGES:,} Teams messages, {spill.SLACK_MESSAGES:,} Slack messages, 1 database "
    f"dump, 2 passwords in texts, and {spill.PICKLES + spill.SAFETENSORS} models"
)
KINDS = {
    "workstation_image": (MACHINES, "critical"),
    "private_key": (spill.KEYS, "critical"),
    "env_file": (1, "high"),
    "teams_messages": (1, "high"),
    "slack_export": (1, "high"),
    "database_dump": (1, "high"),
    "model": (spill.PICKLES + spill.SAFETENSORS, "low"),
}
PHRASES = {
    ("workstation_image", ""): f"{MACHINES} copies of workstations' disks",
    ("private_key", ""): f"{spill.KEYS} private keys",
    ("env_file", ""): "1 file of settings with secrets (.env)",
    ("teams_messages", ""): f"{spill.GRAPH_MESSAGES:,} Teams messages",
    ("slack_export", ""): f"{spill.SLACK_MESSAGES:,} Slack messages",
    ("database_dump", ""): "1 database dump",
    ("secret", ""): "2 passwords in texts",
    ("private_key", "workstation_image"): f"{MACHINES} private keys",
    ("browser_profile", "workstation_image"): f"{MACHINES * spill.LOGINS} logins saved in browsers",
    ("env_file", "workstation_image"): f"{MACHINES} files of settings with secrets (.env)",
    ("shell_history", "workstation_image"): f"{MACHINES} shell histories",
    ("teams_messages", "workstation_image"): f"{MACHINES * spill.CHAT_MESSAGES:,} Teams messages",
}


def check(contents: dict[str, Any]) -> None:
    """contents: as the JSON of a report has it."""
    files = spill.files()
    assert contents["items"] == contents["items_read"] == len(files)
    assert contents["bytes"] == sum(map(len, files.values()))
    assert contents["bytes_read"] < 0.02 * contents["bytes"]
    kinds = {each["kind"]: (each["items"], each["severity"]) for each in contents["kinds"]}
    assert {name: kinds[name] for name in KINDS} == KINDS
    assert sum(items for items, _ in kinds.values()) == len(files)
    noted = {(each["kind"], each["within"]): each["phrase"] for each in contents["noted"] if each["phrase"]}
    assert noted == PHRASES
    assert [each["summary"] for each in contents["noted"] if not each["phrase"]] == []
    shares = {each["kind"]: (each["hits"], each["least"], each["most"]) for each in contents["estimates"]}
    holding = MACHINES + spill.KEYS + 1
    assert shares["credentials"] == (holding, holding / len(files), holding / len(files))
