from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inspectors.look import look
from tidegate.inspectors.messages.pst import count
from tidegate.inspectors.readable import Memory


class _Folder:
    def __init__(self, name: str, items: int = 0, *below: _Folder, broken: bool = False) -> None:
        self.name = name
        self._items = items
        self._below = below
        self._broken = broken
        self.number_of_sub_folders = len(below)

    @property
    def number_of_sub_messages(self) -> int:
        if self._broken:
            raise OSError("damaged")
        return self._items

    def get_sub_folder(self, place: int) -> _Folder:
        return self._below[place]

    def get_sub_message(self, place: int) -> Any:
        raise OSError(place)


def test_items_in_the_hidden_folders_of_teams_are_counted_by_themselves() -> None:
    root = _Folder(
        "",
        0,
        _Folder("Inbox", 40),
        _Folder("Conversation History", 1, _Folder("Team Chat", 300, _Folder("x", 5))),
        _Folder("TeamsMessagesData", 7),
    )
    found = count(root)
    assert (found["folders"], found["messages"], found["teams"], found["partly"]) == (5, 353, 312, False)


def test_a_damaged_folder_ends_its_branch_alone() -> None:
    found = count(_Folder("", 0, _Folder("a", 5, broken=True), _Folder("b", 6)))
    assert (found["messages"], found["partly"]) == (6, True)


def test_what_only_begins_as_a_data_file_is_told_and_not_complete() -> None:
    data = b"!BDN" + bytes(4) + b"SM" + struct.pack("<H", 23) + bytes(5000)
    found = look(Memory(data), "x.pst")
    assert (found.kind, found.complete) == ("mail_archive", False)
    assert "its folders could not be read" in found.observations[0].summary


def message(attachments: int, recipients: int) -> bytes:
    """An OLE file of a directory alone."""
    names = ["Root Entry", "__nameid_version1.0", "__properties_version1.0"]
    names += [f"__attach_version1.0_#{n:08X}" for n in range(attachments)]
    names += [f"__recip_version1.0_#{n:08X}" for n in range(recipients)]
    entries = b""
    for name in names:
        text = name.encode("utf-16-le")
        entries += (text.ljust(64, b"\x00") + struct.pack("<HB", len(text) + 2, 1)).ljust(128, b"\x00")
    sectors = -(-len(entries) // 512)
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(30, b"\x00") + struct.pack("<H", 9)
    head = head.ljust(48, b"\x00") + struct.pack("<I", 1)
    head = head.ljust(76, b"\x00") + struct.pack("<I", 0)
    return head.ljust(512, b"\xff") + table + entries.ljust(512 * sectors, b"\x00")


def test_a_message_of_outlook_is_told_by_its_directory_alone() -> None:
    found = look(Memory(message(2, 3)), "offer.msg")
    assert found.kind == "mail"
    assert found.observations[0].summary == "a mail saved by Outlook to 3 recipients, with 2 attachments"


@given(place=st.integers(0, 3000), byte=st.integers(0, 255))
@settings(max_examples=80, deadline=None)
def test_any_damage_to_a_message_ends_in_an_inspection(place: int, byte: int) -> None:
    hurt = bytearray(message(30, 3))
    hurt[place % len(hurt)] = byte
    assert look(Memory(bytes(hurt)), "offer.msg").kind


@pytest.mark.parametrize("teams", [0, 3])
def test_the_list_of_an_ediscovery_export_is_counted_with_lines_inside_of_quotes(teams: int) -> None:
    rows = ["Item Identity,Document ID,Original Path,Location Name,Target Path,Item class"]
    rows += [f'{n},{n},"a\nb",x,y,{"IPM.SkypeTeams.Message" if n < teams else "IPM.Note"}' for n in range(40)]
    found = look(Memory("\n".join(rows).encode()), "Results.csv")
    note = next(each for each in found.observations if each.inspector == "purview_export")
    assert note.numbers["items"] == 40
    assert note.numbers.get("messages", 0) == teams
    assert found.kind == ("teams_messages" if teams else "mail_archive")
