import pytest
from made_volumes import Endless, exfat, fat32

from tidegate.inspectors.disks.judge import LISTING_BYTES, TRIAGE_BYTES
from tidegate.inspectors.disks.partitions import recognised, volume
from tidegate.inspectors.disks.volumes.volume import MOST_ENTRIES
from tidegate.inspectors.look import look
from tidegate.inspectors.meter import Budget
from tidegate.inspectors.readable import Counted

TREE = {
    "Users/anna/.ssh/config": b"Host a\n  User b\n",
    "Users/anna/.bash_history": b"ls\ncd x\ngit status\nssh host\n",
    "Users/anna/Documents/ein Bericht über alles.txt": b"text\n" * 3000,
    "Users/boris/.zsh_history": b": 1700000000:0;ls\n: 1700000001:0;pwd\n",
    "Windows/System32/config/SAM": b"regf",
}
WRITERS = {"FAT32": fat32, "exFAT": exfat}


@pytest.mark.parametrize("form", WRITERS)
def test_the_homes_on_a_volume_of_cards_and_sticks_are_told(form):
    judged = look(WRITERS[form](TREE), "upload/stick")
    said = [each.summary for each in judged.observations]
    assert judged.kind == "workstation_image"
    assert judged.complete, said
    assert f"{form} with Windows and the homes of 2 users" in said
    assert any("4 commands" in each for each in said)
    assert any("5 files in 8 folders" in each for each in said), said


@pytest.mark.parametrize("form", WRITERS)
def test_a_long_file_with_a_long_name_is_read_whole(form):
    data = WRITERS[form](TREE)
    files = volume(recognised(data), data)
    folder = files.root
    for part in ("users", "ANNA", "Documents"):
        folder = files.find(folder, part)
    assert files.open(files.find(folder, "ein Bericht über alles.txt")).read(0, 1 << 20) == b"text\n" * 3000


@pytest.mark.parametrize("form", WRITERS)
def test_names_of_four_kilobytes_and_with_control_characters_are_only_names(form):
    part = "ü" * 250
    deep = "/".join(["Users", "anna", *[part] * 16, "a\x1b[2Jb\u202ec.txt"])
    judged = look(WRITERS[form]({deep: b"x", "Users/anna/.profile": b"y"}), "x")
    assert judged.kind == "workstation_image"
    assert judged.complete, judged.observations
    files = next(each for each in judged.observations if each.kind == "files")
    assert files.numbers["files"] == 2


def test_a_folder_of_a_million_files_is_listed_to_the_bound_and_said_so():
    data = Counted(Endless(1 << 20))
    judged = look(data, "x", budget=Budget(seconds=1.0))
    files = next(each for each in judged.observations if each.kind == "files")
    assert not judged.complete
    assert files.summary.startswith("at least ")
    assert 1000 < files.numbers["files"] <= MOST_ENTRIES
    assert data.bytes_read < TRIAGE_BYTES + LISTING_BYTES + (1 << 20)
