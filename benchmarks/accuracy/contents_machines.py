"""Makes whole machines: disk images by the real programs, backups by their headers, homes packed by tar, zip and 7z."""

# ruff: noqa: E501, PLC0415, ARG001 - texts and headers read best in one line

from __future__ import annotations

import io
import os
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from contents_corpus import Made, Workshop, named, neutral, prose

HOMES = {
    "home/anna/.bash_history": "ls\ngit pull\nssh host\n", "home/anna/Documents/plan.txt": "plan\n", "home/anna/.ssh/known_hosts": "h ssh-ed25519 AAAA\n",
    "home/boris/.profile": "umask 022\n", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/hostname": "ws-042\n",
}  # fmt: skip
PLAIN = {
    "boot/vmlinuz": "kernel\n" * 40,
    "boot/grub/grub.cfg": "set default=0\n",
    "data/readings.csv": "a,b\n1,2\n3,4\n",
}
FORMS = (
    ("vpc", "subformat=dynamic", "ws01.vhd"), ("vpc", "subformat=fixed", "ws01-fixed.vhd"), ("vhdx", "subformat=dynamic", "pc.vhdx"), ("vhdx", "subformat=fixed", "pc-f.vhdx"),
    ("vmdk", "subformat=monolithicSparse", "vm/disk.vmdk"), ("vmdk", "subformat=streamOptimized", "vm/export-disk1.vmdk"), ("qcow2", "cluster_size=64k", "img/root.qcow2"),
    ("qcow2", "compat=0.10", "img/old.qcow2"), ("vdi", "static=off", "box.vdi"), ("raw", "", "backups/sda.img"),
)  # fmt: skip


def volumes(shop: Workshop, tree: dict[str, str], stem: str) -> Iterator[Path]:
    """Yield small volumes that hold the tree."""
    for name, text in tree.items():
        shop.file(f"{stem}/{name}", text.encode())
    source = shop.folder / stem
    if shop.have("mkfs.ext4"):
        for form, size in (("ext4", "6M"), ("ext3", "6M"), ("ext2", "4M")):
            image = shop.folder / f"{stem}.{form}"
            shop.run(f"mkfs.{form}", "-q", "-F", "-d", source, image, size)
            yield image
    if shop.have("mkfs.vfat", "mcopy"):
        for bits, blocks in (("12", 2048), ("16", 16384), ("32", 40000)):
            image = shop.folder / f"{stem}.fat{bits}"
            shop.run("mkfs.vfat", "-F", bits, "-C", image, blocks)
            shop.run("mcopy", "-s", "-i", image, *source.iterdir(), "::")
            yield image
    if shop.have("mkntfs", "mount") and os.geteuid() == 0:
        image, on = shop.folder / f"{stem}.ntfs", shop.folder / f"{stem}.on"
        shop.run("truncate", "-s", "8M", image)
        shop.run("mkntfs", "-q", "-F", "-Q", image)
        on.mkdir()
        try:
            shop.run("mount", "-o", "loop", image, on)
        except RuntimeError:
            shop.missing.add("mount of NTFS")
            return
        subprocess.run(["cp", "-r", *map(str, source.iterdir()), str(on)], check=True)
        shop.run("umount", on)
        yield image


def on_disk(volume: bytes, kind: int, *, gpt: bool = False) -> bytes:
    """Lay a volume behind a table of partitions."""
    volume += bytes(-len(volume) % 512)
    sectors = len(volume) // 512
    row = struct.pack("<BxxxBxxxII", 0x80, kind, 2048, sectors)
    if not gpt:
        return bytes(446) + row.ljust(64, b"\0") + b"\x55\xaa" + bytes(2047 * 512) + volume
    head = bytearray(b"EFI PART\0\0\1\0\x5c\0\0\0".ljust(512, b"\0"))
    head[72:88] = struct.pack("<QII", 2, 128, 128)
    entry = os.urandom(16) + os.urandom(16) + struct.pack("<QQ", 2048, 2047 + sectors) + bytes(80)
    start = bytes(446) + struct.pack("<BxxxBxxxII", 0, 0xEE, 1, sectors + 4096).ljust(64, b"\0") + b"\x55\xaa"
    return start + bytes(head) + entry.ljust(2046 * 512, b"\0") + volume + bytes(33 * 512)


def disks(shop: Workshop) -> Iterator[Made]:
    for stem, tree, kind, also in (
        ("homes", HOMES, "workstation_image", "disk_image private_key shell_history"),
        ("plain", PLAIN, "disk_image", ""),
    ):
        images = list(volumes(shop, tree, stem))
        for n, image in enumerate(images):
            yield Made(
                kind,
                named(shop.rng, n, (f"backup/{image.suffix[1:]}.img", "dump/part1.dd")),
                image,
                "tool",
                frozenset(also.split()),
            )
        for n, image in enumerate((images[0], images[-1])):
            disk = shop.file(f"{stem}{n}.disk", on_disk(image.read_bytes(), (0x83, 0x07)[n], gpt=bool(n)))
            yield Made(kind, ("sda.raw", neutral(shop.rng))[n], disk, "tool", frozenset(also.split()))
            if not shop.have("qemu-img"):
                continue
            for form, option, name in FORMS[:-1]:
                packed = shop.folder / f"{stem}{n}.{name.replace('/', '-')}"
                shop.run("qemu-img", "convert", "-O", form, *(("-o", option) if option else ()), disk, packed)
                yield Made(kind, name if n else neutral(shop.rng), packed, "tool", frozenset(also.split()))
            packed = shop.folder / f"{stem}{n}.packed"
            shop.run("qemu-img", "convert", "-c", "-O", "qcow2", disk, packed)
            yield Made(kind, "vm/compressed.qcow2", packed, "tool", frozenset(also.split()))
        if shop.have("ewfacquire"):
            for n, options in enumerate((("-f", "encase6", "-c", "deflate:fast"), ("-f", "encase5", "-c", "deflate:best"), ("-f", "ewfx"), ("-f", "encase6", "-c", "deflate:none"),
                                         ("-f", "encase7", "-c", "deflate:empty-block"), ("-f", "ftk", "-c", "deflate:best"))):  # fmt: skip
                target = shop.folder / f"{stem}-e{n}"
                try:
                    shop.run(
                        "ewfacquire",
                        "-u",
                        *options,
                        "-t",
                        target,
                        "-C",
                        "1",
                        "-D",
                        "x",
                        "-E",
                        "1",
                        "-e",
                        "x",
                        "-N",
                        "x",
                        shop.folder / f"{stem}{n % 2}.disk",
                    )
                except RuntimeError as error:
                    shop.missing.add(f"ewfacquire {options}: {error}")
                    continue
                yield Made(
                    kind,
                    ("case/ws042.E01", neutral(shop.rng))[n % 2],
                    next(shop.folder.glob(f"{stem}-e{n}.*")),
                    "tool",
                    frozenset(also.split()),
                )


def no_disks(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    boot = bytearray(rng.randbytes(1 << 20))
    boot[510:512] = b"\x55\xaa"
    late = bytearray(rng.randbytes(1 << 20))
    late[-500:-492] = b"conectix"
    yield Made("nothing", "x/noise.bin", bytes(boot), "form")
    yield Made("nothing", "x/late.bin", bytes(late), "form")
    for n in range(6):
        yield Made(
            "nothing",
            ("data/a.img", "data/b.vhd_", "x/c.bin", "x/d", "e.raw_", "f.dat")[n],
            rng.randbytes(1 << 20),
            "form",
            frozenset({"disk_image", "dataset"}) if n in (0, 5) else frozenset(),
        )
    yield Made(
        "nothing",
        "doc/disks.md",
        b"conectix stands at the start of a VHD, vhdxfile of a VHDX, QFI of a qcow2.\n" + prose(rng).encode(),
        "form",
        frozenset({"document"}),
    )
    yield Made(
        "nothing",
        "doc/vmdk.txt",
        b"The first line is\n# Disk DescriptorFile\nversion=1\n" + prose(rng).encode(),
        "form",
        frozenset({"document"}),
    )


def encrypted(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    if shop.have("qemu-img"):
        for n in range(6):
            form = ("luks", "qcow2", "luks")[n % 3]
            target = shop.folder / f"locked{n}"
            option = (
                "key-secret=s,iter-time=10"
                if form == "luks"
                else "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
            )
            shop.run(
                "qemu-img",
                "create",
                "-q",
                "--object",
                "secret,id=s,data=fake-pass",
                "-f",
                form,
                "-o",
                option,
                target,
                "2M",
            )
            yield Made(
                "encrypted_volume",
                named(rng, n, ("backup/crypt.img", "vm/locked.qcow2")),
                target,
                "tool",
                frozenset({"disk_image"}),
            )
    for n in range(3):
        head = b"\xeb\x58\x90-FVE-FS-".ljust(510, b"\0") + b"\x55\xaa"
        yield Made(
            "encrypted_volume",
            named(rng, n, ("c.img", "usb.dd")),
            head + rng.randbytes(1 << 20),
            "header",
            frozenset({"disk_image"}),
        )
        yield Made(
            "encrypted_volume",
            "mac.dmg",
            b"encrcdsa" + struct.pack(">I", 2) + rng.randbytes(1 << 18),
            "header",
            frozenset({"disk_image"}),
        )
    yield Made(
        "encrypted_volume",
        "disk.raw",
        on_disk(b"LUKS\xba\xbe\0\2".ljust(1 << 20, b"\0"), 0x83),
        "header",
        frozenset({"disk_image"}),
    )


def system_backup(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    noise = rng.randbytes(1 << 17)
    plist = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict><key>CFBundleInfoDictionaryVersion</key><string>6.0</string><key>band-size</key><integer>8388608</integer><key>bundle-backingstore-version</key><integer>1</integer><key>diskimage-bundle-type</key><string>com.apple.diskimage.sparsebundle</string><key>size</key><integer>1000204140544</integer></dict></plist>\n'
    for n in range(2):
        for name, data in (
            ("install.wim", b"MSWIM\0\0\0" + struct.pack("<IIII", 208, 0x10D00, 0x20082, 32768) + noise), ("ws01_full_b1.tib", b"\xce\x24\xb9\xa2\x20" + noise),
            ("C-00-00.mrimg", noise + b"MACRIUM_FILE"), ("ws01.gho", b"\xfe\xef\x01\x00" + noise), ("sda1.pcl-img", b"partclone-image\x000.3.23\0" + noise),
            ("phone.ab", b"ANDROID BACKUP\n5\n1\nnone\n" + zlib.compress(noise)), ("Backup.bkf", b"TAPE\0\0\0\0".ljust(44, b"\0") + b"SPAD" + noise),
        ):  # fmt: skip
            yield Made(
                "system_backup", name if not n or name.endswith(".tibx") else neutral(rng), data, "header"
            )
        yield Made(
            "system_backup",
            ("Mac mini.sparsebundle/Info.plist", "tm/anna.backupbundle/Info.plist")[n],
            plist,
            "form",
        )
        yield Made(
            "system_backup",
            ("veeam/ws01D2024-01-01.vbk", "veeam/ws01.vib")[n],
            rng.randbytes(1 << 16),
            "header",
        )
    for name, data in (
        ("doc/wim.txt", b"MSWIM is the mark.\n"), ("app/Info.plist", b'<?xml version="1.0"?>\n<plist version="1.0"><dict><key>CFBundleName</key><string>x</string></dict></plist>\n'),
        ("x/macrium.txt", prose(rng).encode() + b"MACRIUM\n"), ("x/partclone.md", b"partclone images begin with a mark\n"), ("notes.txt", b"ANDROID BACKUPS are made with adb.\n"),
    ):  # fmt: skip
        yield Made("nothing", name, data, "form", frozenset({"document", "source_code"}))


def home(rng: Random, form: str, who: str) -> dict[str, bytes]:
    unix = {
        ".bash_history": b"ls\ncd x\ngit status\n", ".profile": b"umask 022\n", ".ssh/known_hosts": b"h ssh-ed25519 AAAA\n", ".ssh/config": b"Host a\n  User b\n",
        "Documents/plan.txt": prose(rng).encode(), "Documents/budget.csv": b"a,b\n1,2\n", "Downloads/readme.txt": b"x\n", "Desktop/todo.txt": b"- x\n", ".config/app/settings.ini": b"[a]\nb=1\n",
        "Pictures/a.png": b"\x89PNG\r\n\x1a\n" + rng.randbytes(90), ".gitconfig": b"[user]\n  name = Anna\n",
    }  # fmt: skip
    windows = {
        "NTUSER.DAT": b"regf" + rng.randbytes(8188), "AppData/Roaming/app/settings.xml": b"<a/>", "AppData/Local/Temp/x.tmp": b"x", "Documents/plan.txt": prose(rng).encode(),
        "Desktop/todo.txt": b"- x\n", "Downloads/setup.txt": b"x", "Favorites/a.url": b"[InternetShortcut]\nURL=https://a.invalid\n", "Pictures/a.png": b"\x89PNG\r\n\x1a\n",
    }  # fmt: skip
    mac = {"Library/Preferences/a.plist": b"bplist00" + rng.randbytes(60), "Library/Keychains/x.txt": b"x", "Documents/plan.txt": b"plan\n", "Desktop/a.txt": b"x",
           ".zsh_history": b": 1700000000:0;ls\n: 1700000001:0;cd\n", "Downloads/x.txt": b"x"}  # fmt: skip
    base = {"unix": f"home/{who}/", "windows": f"Users/{who}/", "mac": f"Users/{who}/", "bare": "./"}[form]
    return {
        base + name: data
        for name, data in {"unix": unix, "bare": unix, "windows": windows, "mac": mac}[form].items()
    }


def pack(files: dict[str, bytes], form: str, work: Path) -> bytes:
    out = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    elif form == "7z":
        import py7zr

        with py7zr.SevenZipFile(out, "w") as archive:
            for name, data in files.items():
                archive.writestr(data, name)
    else:
        with tarfile.open(
            fileobj=out, mode={"tar": "w", "tgz": "w:gz", "tbz": "w:bz2", "txz": "w:xz"}[form]
        ) as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def home_backup(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    endings = {"zip": "zip", "7z": "7z", "tar": "tar", "tgz": "tar.gz", "tbz": "tar.bz2", "txz": "tar.xz"}
    also = frozenset({"archive", "shell_history"})
    n = 0
    for form in ("unix", "windows", "mac", "bare"):
        for packed, ending in endings.items():
            n += 1
            if (form, packed) in (("mac", "tbz"), ("bare", "7z"), ("windows", "txz")):
                continue
            data = pack(home(rng, form, rng.choice(["anna", "boris"])), packed, shop.folder)
            yield Made(
                "home_backup",
                named(rng, n, (f"backup/anna-home.{ending}", f"old/laptop.{ending}")),
                data,
                "tool",
                also,
            )
    for n, files in enumerate((
        {f"pkg-1.0/src/{k}.py": b"import os\n" for k in range(30)} | {"pkg-1.0/README.md": b"# x\n", "pkg-1.0/.gitignore": b"x\n"},
        {f"photos/2024/{k}.jpg": b"\xff\xd8\xff" + rng.randbytes(30) for k in range(30)}, {f"data/{k}.csv": b"a,b\n1,2\n" for k in range(20)},
        {"usr/share/doc/x/copyright": b"x\n", "usr/bin/x": b"\x7fELF" + bytes(60), "etc/x.conf": b"a=1\n"}, {f"Documents/{k}.txt": prose(rng).encode() for k in range(8)},
        {"etc/skel/.bashrc": b"# x\n", "etc/skel/.profile": b"# x\n", "etc/skel/.bash_logout": b"# x\n"}, {"site/index.html": b"<html></html>", "site/Desktop/a.css": b"a{}"},
        {"repo/Desktop/main.c": b"int main(){}\n", "repo/Documents/api.md": b"# api\n", "repo/Makefile": b"all:\n"},
    )):  # fmt: skip
        for packed in ("zip", "tgz", "7z")[: 2 + n % 2]:
            yield Made(
                "archive",
                f"upload/pack{n}.{endings[packed]}",
                pack(files, packed, shop.folder),
                "tool",
                frozenset({"source_code"}),
            )


def memory_dump(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    noise = rng.randbytes(1 << 17)
    core = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHI", 4, 62, 1) + noise
    for n in range(2):
        for name, data in (("core.1234", core), ("app.dmp", b"MDMP\x93\xa7\0\0" + noise), ("MEMORY.DMP", b"PAGEDU64" + noise), ("hiberfil.sys", b"HIBR" + noise),
                           ("ram.lime", b"EMiL\1\0\0\0" + noise), ("vmcore", b"KDUMP   " + noise), ("heap.hprof", b"JAVA PROFILE 1.0.2\0\0\0\0\x08" + noise),
                           ("vm.vmsn", b"\xd2\xbe\xd2\xbe" + noise)):  # fmt: skip
            yield Made("memory_dump", neutral(rng) if n else name, data, "header")
    if shop.have("java", "jcmd"):
        source = "public class W { public static void main(String[] a) throws Exception { System.out.println(1); System.out.flush(); Thread.sleep(60000); } }"
        shop.file("W.java", source.encode())
        try:
            running = subprocess.Popen(["java", "-Xmx32m", "W.java"], cwd=shop.folder, stdout=subprocess.PIPE)
            assert running.stdout is not None
            running.stdout.readline()
            shop.run("jcmd", running.pid, "GC.heap_dump", shop.folder / "h.hprof")
            yield Made("memory_dump", "srv/java_pid99.hprof", shop.folder / "h.hprof", "tool")
        except RuntimeError as error:
            shop.missing.add(f"a heap dump: {error}")
        finally:
            running.kill()
            running.wait()
    for name, data in (("bin/ls", Path("/bin/ls").read_bytes()), ("lib/x.so", b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHI", 3, 62, 1) + noise[:4000]),
                       ("a.exe", b"MZ\x90\0" + noise[:4000])):  # fmt: skip
        yield Made("program", name, data, "tool")
    for name, data in (
        ("doc/dumps.txt", b"MDMP and PAGEDU64 are marks.\n"),
        ("x/hibr.txt", b"hibr\n"),
        ("core.md", b"# core\n" + prose(rng).encode()),
        ("x.dmp_", noise),
    ):
        yield Made("nothing", name, data, "form", frozenset({"document", "source_code"}))


MAKERS = (disks, no_disks, encrypted, system_backup, home_backup, memory_dump)
