"""Make the small images beside this file anew, from real programs: `make_images.py`, as root, on Linux.

Needs e2fsprogs, ntfs-3g, xfsprogs, btrfs-progs, dosfstools, mtools, qemu-utils, ewf-tools and xz. The tests need none of them: what is made is kept.
"""

import lzma
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent / "images"
CHROME = "Users/anna/AppData/Local/Google/Chrome/User Data/Default/Bookmarks"
FILES = {
    "Users/anna/.ssh/id_note": "not a key, only a file of this folder\n",
    "Users/anna/.aws/config": "[default]\nregion = nowhere\n",
    "Users/bert/.zsh_history": ": 1700000000:0;ls\n: 1700000001:0;ssh host\n",
    "Users/Public/readme.txt": "hello\n",
    CHROME: "{}\n",
    "Windows/System32/config/SAM": "regf\n",
    **{f"Users/anna/Documents/note-{number:03}.txt": f"{number}\n" for number in range(300)},
}


def run(*command: object) -> None:
    subprocess.run([str(each) for each in command], check=True, stdout=subprocess.DEVNULL, timeout=60)


def btrfs(here: Path, tree: Path) -> None:
    """Make a volume with the usual tree, packed with zstd; and one of subvolumes, packed with all there is."""
    text = "".join(f"line {number} of a long text\n" for number in range(6000))
    for name in ("btrfs.img", "subvolumes.btrfs"):
        run("truncate", "-s", "24M", here / name)
        run("mkfs.btrfs", "-q", "-M", "-U", "5" * 8 + "-5555-5555-5555-" + "5" * 12, here / name)
        run("mount", "-o", "loop,compress-force=zstd", here / name, here / "on")
        if name == "btrfs.img":
            run("cp", "-r", tree / "Users", tree / "Windows", here / "on")
        else:
            for each in ("@", "@home"):
                run("btrfs", "subvolume", "create", here / "on" / each)
            for each, packing in (("@/etc", "zlib"), ("@home/anna", "zstd"), ("@home/bert", "lzo")):
                (here / "on" / each).mkdir()
                run("btrfs", "property", "set", here / "on" / each, "compression", packing)
                (here / "on" / each / "long.txt").write_text(text)
            (here / "on/@/etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
            (here / "on/@home/bert/.zsh_history").write_text(FILES["Users/bert/.zsh_history"])
            run("btrfs", "subvolume", "snapshot", "-r", here / "on/@home", here / "on/@home/snapshot")
        run("umount", here / "on")
    (HERE / "more").mkdir(exist_ok=True)
    odd = here / "subvolumes.btrfs"
    (HERE / "more" / "subvolumes.btrfs.xz").write_bytes(lzma.compress(odd.read_bytes(), preset=9))
    odd.unlink()


def main() -> None:
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        here = Path(made)
        tree = here / "tree"
        for name, text in FILES.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        with closing(sqlite3.connect(tree / CHROME.replace("Bookmarks", "Login Data"))) as made_up, made_up:
            made_up.execute("CREATE TABLE logins (origin_url TEXT, username_value TEXT, password_value BLOB)")
            made_up.execute("CREATE TABLE stats (x TEXT)")
            made_up.executemany("INSERT INTO logins VALUES (?, 'u', x'00')", [("https://a.invalid",)] * 5)
        run("mkfs.ext4", "-q", "-F", "-d", tree, "-U", "clear", here / "ext4.img", "4M")
        run("mkfs.ext2", "-q", "-F", "-d", tree, "-U", "clear", here / "ext2.img", "4M")
        run("mkfs.vfat", "-C", here / "fat.img", 4096)
        run("mcopy", "-s", "-i", here / "fat.img", tree / "Users", tree / "Windows", "::")
        run("truncate", "-s", "6M", here / "ntfs.img")
        run("mkntfs", "-q", "-F", "-Q", here / "ntfs.img")
        (here / "on").mkdir()
        run("mount", "-o", "loop", here / "ntfs.img", here / "on")
        run("cp", "-r", tree / "Users", tree / "Windows", here / "on")
        run("umount", here / "on")
        run("truncate", "-s", "24M", here / "xfs.img")
        run(
            "mkfs.xfs",
            "-q",
            "--unsupported",
            "-m",
            "uuid=" + "5" * 8 + "-5555-5555-5555-" + "5" * 12,
            here / "xfs.img",
        )
        run("mount", "-o", "loop", here / "xfs.img", here / "on")
        run("cp", "-r", tree / "Users", tree / "Windows", here / "on")
        with (here / "on/Users/anna/pieces.bin").open("wb") as scattered:
            for number in range(200):
                scattered.seek(number * 8192)
                scattered.write(bytes((number,)) * 4096)
        run("umount", here / "on")
        btrfs(here, tree)
        for form, option, name in (
            ("vpc", "subformat=dynamic", "dynamic.vhd"),
            ("vpc", "subformat=fixed", "fixed.vhd"),
            ("vhdx", "subformat=dynamic", "disk.vhdx"),
            ("vmdk", "subformat=monolithicSparse", "sparse.vmdk"),
            ("vmdk", "subformat=streamOptimized", "stream.vmdk"),
            ("qcow2", "cluster_size=64k", "disk.qcow2"),
            ("vdi", "static=off", "disk.vdi"),
        ):
            run("qemu-img", "convert", "-O", form, "-o", option, here / "ext4.img", here / name)
        run("qemu-img", "convert", "-c", "-O", "qcow2", here / "ext4.img", here / "packed.qcow2")
        for form, packing, name in (
            ("encase6", "deflate:best", "packed"),
            ("encase5", "deflate:none", "plain"),
        ):
            words = [part for letter in "CDEeN" for part in (f"-{letter}", "made")]
            options = ("-u", "-q", "-f", form, "-c", packing, *words)
            run("ewfacquire", *options, "-t", here / name, here / "ext4.img")
        for each in sorted(here.iterdir()):
            if each.is_file():
                (HERE / f"{each.name}.xz").write_bytes(lzma.compress(each.read_bytes(), preset=9))


if __name__ == "__main__":
    main()
