from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_apfs import Container

from tidegate.inspectors.disks.volumes.apfs import open_container
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory

FILES = {
    "Users/anna/.zsh_history": b": 1700000000:0;ls\n: 1700000001:0;ssh host\n",
    "Users/anna/.ssh/config": b"Host a\n",
    "Users/anna/Library/Keychains/login.keychain-db": b"kych",
    "Users/boris/Documents/long.txt": b"line\n" * 3000,
    "System/Library/CoreServices/SystemVersion.plist": b"<plist/>",
    **{f"Users/boris/Documents/note-{number:03}.txt": b"x" for number in range(80)},
}


def image(*, encrypted: bool = False, hashed: bool = True) -> bytes:
    made = Container()
    data = made.volume("Data", FILES, encrypted=encrypted, hashed=hashed)
    return made.written([data, made.volume("Preboot", {"a.txt": b"a"})])


@pytest.mark.parametrize("hashed", [True, False])
def test_the_homes_of_a_mac_are_told(hashed):
    judged = look(Memory(image(hashed=hashed)), "backup/mac")
    said = [(each.member, each.summary) for each in judged.observations]
    assert judged.kind == "workstation_image"
    assert judged.complete, said
    assert ("Data", "APFS with macOS and the homes of 2 users") in said
    assert any(
        member.startswith("Data/Users/anna/.zsh_history") and "2 commands" in words for member, words in said
    )
    assert any(words.startswith("85 files in ") for _, words in said)
    assert any(member == "Preboot" for member, _ in said)


def test_a_file_is_found_without_regard_to_case_and_read_whole():
    volume = open_container(Memory(image())).volumes[0]
    folder = volume.root
    for part in ("users", "BORIS", "documents"):
        folder = volume.find(folder, part)
    assert (
        volume.open(volume.find(folder, "long.txt")).read(0, 1 << 20)
        == FILES["Users/boris/Documents/long.txt"]
    )
    assert len(list(volume.entries(folder))) == 81
    assert volume.find(folder, "none") is None


def test_an_encrypted_volume_beside_an_open_one_is_said():
    judged = look(Memory(image(encrypted=True)), "backup/mac")
    assert any(each.member == "Data" and "contents unknown" in each.summary for each in judged.observations)
    assert any(each.kind == "files" and each.member == "Preboot" for each in judged.observations)


def test_a_tree_that_leads_back_to_itself_ends():
    raw = bytearray(image())
    at = raw.index((2000).to_bytes(8, "little"), raw.index((1999).to_bytes(8, "little")))
    while at >= 0:
        raw[at : at + 8] = (1999).to_bytes(8, "little")
        at = raw.find((2000).to_bytes(8, "little"), at + 8)
    assert look(Memory(raw), "x").kind in ("disk_image", "workstation_image")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 30))
def test_a_damaged_volume_ends_in_an_inspection(seed):
    raw, random = bytearray(image()), Random(seed)
    used = [number for number in range(len(raw) // 4096) if any(raw[number * 4096 : number * 4096 + 4096])]
    for _ in range(random.choice((1, 4, 40))):
        at = random.choice(used) * 4096 + random.choice((random.randrange(64), random.randrange(4096)))
        raw[at] = random.choice((0, 1, 255, random.randrange(256)))
    look(Memory(raw), "x")
