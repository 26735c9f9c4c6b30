"""Reads and bytes to look into disk images of 2 GiB with 20,000 files: `disks.py FOLDER [--write]`.

Runs as root, on Linux, with e2fsprogs, ntfs-3g, xfsprogs and qemu-utils. Images stay in FOLDER: 5 GB.
"""

import argparse
import subprocess
import time
from pathlib import Path

from tidegate.inspectors.disks import judge
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, FileBytes

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
BEGIN, END = "<!-- disks: begin -->", "<!-- disks: end -->"
FORMS = {
    "raw": ("raw", ""),
    "fixed VHD": ("vpc", "subformat=fixed"),
    "dynamic VHD": ("vpc", "subformat=dynamic"),
    "VHDX": ("vhdx", "subformat=dynamic"),
    "VMDK": ("vmdk", "subformat=monolithicSparse"),
    "streamed VMDK": ("vmdk", "subformat=streamOptimized"),
    "qcow2": ("qcow2", "cluster_size=64k"),
    "VDI": ("vdi", "static=off"),
}


def run(*command: object) -> None:
    subprocess.run(
        [str(each) for each in command],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=900,
    )


def tree(where: Path) -> Path:
    """20,000 files of 40 KB on the average in 700 folders, two people, their well-known folders."""
    if where.exists():
        return where
    for person in ("anna", "bert"):
        home = where / "Users" / person
        local, roaming = home / "AppData/Local", home / "AppData/Roaming"
        for each in (
            home / ".ssh",
            home / ".aws",
            local / "Google/Chrome/User Data/Default",
            roaming / "Microsoft/Teams",
        ):
            each.mkdir(parents=True)
        (home / ".ssh/config").write_text("Host x\n")
        (home / ".aws/config").write_text("[default]\n")
        for number in range(8000):
            folder = home / f"Documents/{number % 280:03}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"document {number}.docx").write_bytes(bytes(20_000 + number * 7919 % 40_000))
    system = where / "Windows/System32"
    (system / "config").mkdir(parents=True)
    (system / "config/SAM").write_bytes(b"regf")
    for number in range(4000):
        (system / f"library{number}.dll").write_bytes(bytes(number * 7919 % 80_000))
    return where


def volumes(folder: Path) -> None:
    source = tree(folder / "tree")
    if not (folder / "ext4.raw").exists():
        run("mkfs.ext4", "-q", "-F", "-d", source, folder / "ext4.raw", "2G")
    for system, make in (("NTFS", ("mkntfs", "-q", "-F", "-Q")), ("XFS", ("mkfs.xfs", "-q"))):
        new, on = folder / f"{system}.new", folder / "on"
        if (folder / f"{system}.raw").exists():
            continue
        run("truncate", "-s", "2G", new)
        run(*make, new)
        on.mkdir(exist_ok=True)
        run("mount", "-o", "loop", new, on)
        try:
            run("cp", "-r", *source.iterdir(), on)
        finally:
            run("umount", on)
        new.rename(folder / f"{system}.raw")


def measured(path: Path, listing: bool) -> tuple[int, int, float, int]:
    """Reads, bytes, seconds, files."""
    kept, judge.LISTING_BYTES = judge.LISTING_BYTES, judge.LISTING_BYTES if listing else 0
    try:
        with FileBytes(path) as data:
            counted = Counted(data)
            started = time.process_time()
            judged = look(counted, path.name)
            seconds = time.process_time() - started
    finally:
        judge.LISTING_BYTES = kept
    files = [each.numbers["files"] for each in judged.observations if each.kind == "files"]
    return counted.reads, counted.bytes_read, seconds, sum(files)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    volumes(asked.folder)
    look(Counted(FileBytes(__file__)), "x")  # what is loaded once is no cost of the first image
    rows = [
        "| File system | Container | Triage: reads / MB | With the listing: reads / MB | Files | CPU s |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for system in ("NTFS", "ext4", "XFS"):
        for name, (form, option) in FORMS.items():
            if system == "XFS" and name != "raw":  # the containers were shown by the others
                continue
            made = asked.folder / f"{system}.{name.replace(' ', '-')}"
            if not made.exists():
                source = asked.folder / f"{system}.raw"
                how = ("-O", form, *(("-o", option) if option else ()))
                run("qemu-img", "convert", *how, source, made)
            reads, size, _, _ = measured(made, listing=False)
            all_reads, all_size, seconds, files = measured(made, listing=True)
            triage = f"{reads} / {size / 1e6:.2f}"
            whole = f"{all_reads:,} / {all_size / 1e6:.1f}"
            rows.append(f"| {system} | {name} | {triage} | {whole} | {files:,} | {seconds:.2f} |")
            print(rows[-1], flush=True)
    if asked.write:
        text = RESULTS.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        RESULTS.write_text(before + BEGIN + "\n" + "\n".join(rows) + "\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
