"""What lies in the simulated account: a research group's storage as it grew over eight years.

Kinds and proportions are ours, after what was described of the 2023 incident: models and data sets, two
workstation backups, chat messages. All names are made up, and so are the people.
Source: Wiz, "38TB of data accidentally exposed by Microsoft AI researchers", 18 September 2023.
"""

from __future__ import annotations

from datetime import date

from tidegate.lab.names import Number, Words, days
from tidegate.lab.plan import NARROW, WIDE, Many, One, Plan
from tidegate.lab.stretch import Kind

_HEX = Number(width=8, base=16, gap=0, tail=24)
"""A digest of 32 digits."""
_UUID = Number(width=8, base=16, gap=0, tail=12)
_OLD = ("Cool", "Cool", "Hot", "Archive")
_SOME_OLD = ("Hot", "Hot", "Hot", "Cool")

_JPEG = Kind(content_type="image/jpeg", since=2016, until=2020, tiers=_SOME_OLD)
_PNG = Kind(content_type="image/png", since=2018, until=2022, tiers=_SOME_OLD)
_JSON = Kind(content_type="application/json", since=2020)
_TEXT = Kind(content_type="text/plain")
_LOG = Kind(content_type="text/plain", blob_type="AppendBlob", md5=False, since=2021)
_ANY = Kind(tiers=_SOME_OLD)
_BIG = Kind(md5=False, since=2018, tiers=_SOME_OLD)
_ARCHIVED = Kind(md5=False, tiers=_OLD, until=2021)
_DISK = Kind(blob_type="PageBlob", md5=False, since=2020, until=2022)

_GIVEN = (
    "ada",
    "bo",
    "cleo",
    "dan",
    "eli",
    "fay",
    "gus",
    "hana",
    "ivo",
    "jo",
    "kim",
    "lou",
    "max",
    "nia",
    "oz",
)
_FAMILY = ("dummy", "fictional", "invented", "madeup", "nobody", "placeholder", "sample")
_PEOPLE = Words(tuple(f"{given}.{family}" for given in _GIVEN for family in _FAMILY))
_CHANNELS = Words(
    tuple(
        sorted(
            f"{topic}-{what}"
            for topic in (
                "adversarial",
                "datasets",
                "gpu-cluster",
                "hiring",
                "lunch",
                "papers",
                "robust",
                "vision",
            )
            for what in ("announce", "help", "internal", "general", "ops", "random")
        )
    )
)

_BACKUPS = Plan(
    name="backups",
    parts=(
        One(text="ws-fictional-07/disk-0.vhd", bytes=11, kind=_DISK),
        One(text="ws-fictional-07/Users/bo.fictional/.aws/credentials", size_bytes=116, kind=_TEXT),
        One(text="ws-fictional-07/Users/bo.fictional/.ssh/id_rsa", size_bytes=2_602),
        Many(
            text="ws-fictional-07/Users/bo.fictional/AppData/Local/Browser/User Data/Default/Cache/f_<inner>",
            inner=Number(width=6, base=16, gap=3),
            items=260,
            bytes=0.5,
            kind=_ANY,
        ),
        Many(
            text="ws-fictional-07/Users/bo.fictional/Documents/R&D/<outer>/scan <inner>.pdf",
            outer=days(date(2016, 3, 1), 900),
            inner=Number(width=3),
            items=70,
            bytes=1.2,
            kind=Kind(content_type="application/pdf", until=2021),
        ),
        One(text="ws-fictional-07/Users/bo.fictional/Documents/Passwords.kdbx", size_bytes=48_318),
        One(text="ws-fictional-07/Users/bo.fictional/Documents/Outlook/archive-2019.pst", bytes=1.1),
        Many(
            text="ws-fictional-07/Users/bo.fictional/src/<outer>/objects/<inner>",
            outer=Number(width=4, first=1, gap=3),
            inner=_HEX,
            per=400,
            items=240,
            bytes=0.4,
            sigma=WIDE,
        ),
        One(text="ws-placeholder-12/disk-0.vhdx", bytes=16, kind=_BIG),
        One(
            text="ws-placeholder-12/Users/ada.placeholder/.azure/accessTokens.json",
            size_bytes=9_214,
            kind=_JSON,
        ),
        One(text="ws-placeholder-12/Users/ada.placeholder/.ssh/id_ed25519", size_bytes=411),
        Many(
            text="ws-placeholder-12/Users/ada.placeholder/Desktop/Übergabe/<inner>.docx",
            inner=Number(width=5, gap=4),
            items=15,
            bytes=0.1,
            kind=Kind(content_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ),
        Many(
            text="ws-placeholder-12/Users/ada.placeholder/Pictures/<outer>/IMG_<inner>.jpg",
            outer=days(date(2016, 5, 1), 1500),
            inner=Number(width=4, gap=5),
            items=300,
            bytes=2.5,
            sigma=NARROW,
            kind=_JPEG,
        ),
    ),
)

_CHAT = (
    Plan(
        name="slack-export",
        parts=(
            One(text="channels.json", size_bytes=18_940, kind=_JSON),
            One(text="users.json", size_bytes=271_330, kind=_JSON),
            Many(
                text="conversations/<outer>/<inner>.json",
                outer=_CHANNELS,
                inner=days(date(2016, 1, 1), 2900),
                items=90,
                bytes=0.01,
                kind=_JSON,
            ),
            Many(
                text="files/F0<outer>/<inner>-attachment.bin",
                outer=_UUID,
                inner=Number(width=2, gap=4),
                per=1,
                items=90,
                bytes=0.5,
                sigma=WIDE,
            ),
        ),
    ),
    Plan(
        name="teams-export",
        parts=(
            Many(
                text="messages/<outer>/19_<inner>.json",
                outer=_PEOPLE,
                inner=_HEX,
                items=450,
                bytes=0.03,
                kind=_JSON,
            ),
            Many(
                text="recordings/<outer>/Meeting-<inner>.mp4",
                outer=days(date(2020, 3, 16), 1200),
                inner=Number(width=3, first=100, gap=2),
                items=12,
                bytes=4,
                sigma=0.7,
                kind=Kind(content_type="video/mp4", md5=False, since=2020, tiers=_OLD),
            ),
        ),
    ),
)

_DATASETS = Plan(
    name="datasets",
    parts=(
        Many(
            text="audio-crawl/flac/<outer>/<outer>-<inner>.flac",
            outer=Number(width=5, first=14, gap=7),
            inner=Number(width=4),
            per=300,
            items=900,
            bytes=3,
            sigma=NARROW,
            kind=Kind(content_type="audio/flac", until=2019, tiers=_OLD),
        ),
        Many(
            text="dvc/files/md5/<outer>/<inner>",
            outer=Number(width=2, base=16),
            inner=Number(width=8, base=16, gap=0, tail=22),
            items=1200,
            bytes=5,
            sigma=WIDE,
            kind=_ANY,
        ),
        Many(
            text="imagenet-mirror/train/n<outer>/n<outer>_<inner>.JPEG",
            outer=Number(width=8, first=1_440_764, gap=9_000),
            inner=Number(width=6, gap=16),
            per=1_300,
            items=1281,
            bytes=0.9,
            sigma=NARROW,
            kind=_JPEG,
        ),
        Many(
            text="imagenet-mirror/val/ILSVRC2012_val_<inner>.JPEG",
            inner=Number(width=8, first=1),
            items=50,
            bytes=0.04,
            sigma=NARROW,
            kind=_JPEG,
        ),
        Many(
            text="tables/patients-synthetic/date=<outer>/part-<inner>.snappy.parquet",
            outer=days(date(2018, 1, 1), 2100),
            inner=Number(width=5),
            items=60,
            bytes=2,
            kind=_BIG,
        ),
        Many(
            text="web-text/shards/shard-<inner>.tar",
            inner=Number(width=7),
            items=30,
            bytes=9,
            sigma=0.2,
            kind=_ARCHIVED,
        ),
        Many(
            text="web-text/wet/CC-<outer>/<inner>.warc.wet.gz",
            outer=days(date(2016, 1, 4), 400, "%Y-%m-%d"),
            inner=_UUID,
            items=200,
            bytes=5,
            sigma=0.3,
            kind=_ARCHIVED,
        ),
    ),
)

_IMAGES = Plan(
    name="images",
    parts=(
        Many(
            text="driving/cam-<outer>/frame-<inner>.png",
            outer=Number(width=3),
            inner=Number(width=7, gap=2),
            per=40_000,
            items=1600,
            bytes=5,
            sigma=NARROW,
            kind=_PNG,
        ),
        Many(
            text="thumbnails/<inner>.jpg",
            inner=_HEX,
            items=900,
            bytes=0.05,
            kind=_JPEG,
        ),
    ),
)

_HOME = Plan(
    name="home",
    parts=(
        One(text="ada.placeholder/.bash_history", size_bytes=51_207, kind=_TEXT),
        One(text="ada.placeholder/.git-credentials", size_bytes=93, kind=_TEXT),
        One(text="ada.placeholder/.ssh/id_rsa", size_bytes=1_823),
        One(text="bo.fictional/.config/gcloud/credentials.db", size_bytes=12_288),
        One(text="bo.fictional/.kube/config", size_bytes=5_577, kind=_TEXT),
        Many(
            text="shared/notes/<outer>/<inner>.md",
            outer=_PEOPLE,
            inner=Number(width=6, gap=3),
            items=60,
            bytes=0.001,
            kind=Kind(content_type="text/markdown"),
        ),
        Many(
            text="shared/work/<outer>/cache-<inner>.npy",
            outer=_PEOPLE,
            inner=_UUID,
            items=400,
            bytes=1.5,
            sigma=WIDE,
            kind=_ANY,
        ),
    ),
)

_MODELS = Plan(
    name="robust-models",
    parts=(
        Many(
            text="checkpoints/<outer>/epoch-<inner>.pt",
            outer=_UUID,
            inner=Number(width=4),
            per=90,
            items=55,
            bytes=12,
            sigma=0.9,
            kind=_BIG,
        ),
        Many(
            text="hub/models--<outer>/model-<inner>-of-00048.safetensors",
            outer=_UUID,
            inner=Number(width=5, first=1),
            per=48,
            items=5,
            bytes=8,
            sigma=0.2,
            kind=_BIG,
        ),
        Many(
            text="pickles/resnet50_linf_eps<inner>.pkl",
            inner=Number(width=5),
            items=2,
            bytes=0.4,
            sigma=0.3,
            kind=_ANY,
        ),
        One(text="README.md", size_bytes=6_104, kind=_TEXT),
    ),
)

_RUNS = (
    Plan(
        name="azureml-blobstore",
        parts=(
            Many(
                text="ExperimentRun/dcid.<outer>/logs/process-<inner>.txt",
                outer=_HEX,
                inner=Number(width=2),
                per=1,
                items=420,
                bytes=0.01,
                sigma=WIDE,
                kind=_LOG,
            ),
            Many(
                text="events/<outer>/events.out.tfevents.<inner>",
                outer=_UUID,
                inner=Number(width=10, first=1_546_300_800, gap=60_000),
                per=24,
                items=500,
                bytes=0.3,
                sigma=WIDE,
            ),
        ),
    ),
    Plan(
        name="scratch",
        parts=(Many(text="<inner>", inner=_HEX, items=800, bytes=1, sigma=WIDE, kind=_ANY),),
    ),
    Plan(
        name="insights-logs-storageread",
        parts=(
            Many(
                text="resourceId=/subscriptions/00000000/storageAccounts/northlakeresearch/<outer>/h=<inner>/m=00/PT1H.json",
                outer=days(date(2020, 1, 1), 1400, "y=%Y/m=%m/d=%d"),
                inner=Number(width=2),
                per=24,
                items=3,
                bytes=0.02,
                kind=Kind(
                    content_type="application/octet-stream", blob_type="AppendBlob", md5=False, since=2020
                ),
            ),
        ),
    ),
)

_PUBLIC = Plan(
    name="public-models",
    public="blob",
    parts=(
        One(text="index.html", size_bytes=2_871, kind=Kind(content_type="text/html")),
        Many(
            text="imagenet-models/resnet18_l2_eps<inner>.ckpt",
            inner=Number(width=4),
            items=0.05,
            bytes=0.1,
            sigma=0.2,
            kind=_BIG,
        ),
    ),
)

PLANS = (_BACKUPS, *_CHAT, _DATASETS, _IMAGES, _HOME, _MODELS, *_RUNS, _PUBLIC)
