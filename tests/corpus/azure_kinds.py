"""Azure shared access signatures: every kind, and every host they are seen on."""

from __future__ import annotations

from corpus import mint
from corpus.mint import FAR, PAST
from corpus.model import Case, Want, form, text_case

ALL_OF_AN_ACCOUNT = frozenset(
    [
        "read",
        "write",
        "delete",
        "list",
        "create",
        "add",
        "list_containers",
        "create_containers",
        "delete_containers",
    ]
)
READ_LIST = frozenset({"read", "list"})
CHANGES = frozenset({"write", "create", "add", "delete", "mint", "unknown"})
PORTAL_ACCOUNT = "sv ss srt sp se st spr sig"
PORTAL_SERVICE = "sp st se spr sv sr sig"


def far(kind: str, account: str | None, path: str, **more: object) -> Want:
    """Return what most forms expect: a SAS of `kind` that ends in 2051."""
    given: dict[str, object] = {
        "kind": (kind,),
        "rule": "azure-",
        "account": account,
        "path": path,
        "validity": "valid",
        "expires_at": FAR,
        **more,
    }
    return Want(**given)  # type: ignore[arg-type]


@form("A01", "account SAS, all rights, to 2051, a wget line in a README: the 2023 incident")
def a01() -> Case:
    sas = mint.account_sas("contosomodels", sp="rwdlacup").ordered("sv st se ss srt sp sig")
    link = f"https://{sas.host}/robust/imagenet/resnet50.pt?{sas.query}"
    text = f'# Robust models\n\nDownload:\n\n```\nwget -O resnet50.pt "{link}"\n```\n'
    want = far(
        "account_sas",
        "contosomodels",
        "README.md",
        lines=(6, 6),
        scope="account",
        may=ALL_OF_AN_ACCOUNT,
        confidence=("high",),
    )
    return text_case("README.md", text, want, secrets=(sas.sig,))


@form("A02", "account SAS on the service root, all services and levels, as the portal shows it")
def a02() -> Case:
    sas = mint.account_sas("contosoledger", sp="rwdlacupiytfx", ss="bfqt").ordered(PORTAL_ACCOUNT)
    text = f"SAS token\n?{sas.query}\n\nBlob service SAS URL\n{sas.url}\n"
    want = far(
        "account_sas",
        "contosoledger",
        "handover.txt",
        lines=(2, 5),
        scope="account",
        may=ALL_OF_AN_ACCOUNT | {"permanent_delete", "tags", "process", "update", "immutability"},
    )
    return text_case("handover.txt", text, want, secrets=(sas.sig,))


@form("A03", "container SAS, portal order")
def a03() -> Case:
    sas = mint.container_sas("fabrikamraw", "landing", sp="racwdl").ordered(PORTAL_SERVICE)
    want = far(
        "service_sas",
        "fabrikamraw",
        "notes.md",
        lines=(1, 1),
        scope="container",
        container="landing",
        may=frozenset({"read", "add", "create", "write", "delete", "list"}),
        may_not=frozenset({"delete_containers"}),
    )
    return text_case("notes.md", f"Upload to <{sas.url}>\n", want, secrets=(sas.sig,))


@form("A04", "blob SAS, read only")
def a04() -> Case:
    sas = mint.blob_sas("fabrikammedia", "video", "intro cut 2.mp4").ordered(PORTAL_SERVICE)
    want = far(
        "service_sas",
        "fabrikammedia",
        "page.txt",
        lines=(2, 2),
        scope="object",
        container="video",
        key="intro cut 2.mp4",
        may=frozenset({"read"}),
        may_not=CHANGES | {"list"},
    )
    return text_case("page.txt", f"intro:\n{sas.url}\n", want, secrets=(sas.sig,))


@form("A05", "Storage Explorer: every value escaped, times with %3A")
def a05() -> Case:
    sas = mint.container_sas("contosoexplorer", "scans").ordered("st se sp sv sr sig", encode=mint.escaped)
    want = far(
        "service_sas",
        "contosoexplorer",
        "links.txt",
        lines=(1, 1),
        scope="container",
        may=READ_LIST,
        may_not=CHANGES,
    )
    return text_case("links.txt", sas.url + "\n", want, secrets=(sas.sig,))


@form("A06", "shuffled parameters, the signature first")
def a06() -> Case:
    sas = mint.container_sas("contososhuffle", "in").ordered("sig sr se sv sp st")
    want = far("service_sas", "contososhuffle", "a.cfg", lines=(1, 1), scope="container", container="in")
    return text_case("a.cfg", f"source = {sas.url}\n", want, secrets=(sas.sig,))


@form("A07", "user delegation SAS: the delegation key ends before the SAS says")
def a07() -> Case:
    sas = mint.delegation_sas(
        "contosoentra", "exports", se="2026-11-27T00:00:00Z", ske="2026-11-26T00:00:00Z"
    )
    want = Want(
        kind=("user_delegation_sas",),
        rule="azure-",
        account="contosoentra",
        container="exports",
        scope="container",
        may=READ_LIST,
        validity="valid",
        expires_at="2026-11-26T00:00:00Z",
        path="export.sh",
        lines=(2, 2),
    )
    return text_case("export.sh", f"#!/bin/sh\ncurl '{sas.url}'\n", want, secrets=(sas.sig,))


@form("A08", "stored access policy: no rights and no end in the text")
def a08() -> Case:
    sas = mint.policy_sas("contosopolicy", "partners", "partner-2024")
    want = Want(
        kind=("service_sas",),
        rule="azure-",
        account="contosopolicy",
        container="partners",
        scope="container",
        validity="unknown",
        expires_at=None,
        path="mail.txt",
        lines=(1, 1),
    )
    return text_case("mail.txt", sas.url, want, secrets=(sas.sig,))


@form("A09", "directory SAS on dfs")
def a09() -> Case:
    sas = mint.directory_sas("contosolake", "gold", "finance/2026")
    want = far(
        "service_sas",
        "contosolake",
        "job.json",
        lines=(1, 1),
        scope="directory",
        container="gold",
        key="finance/2026",
        may=READ_LIST,
    )
    return text_case("job.json", f'{{"input": "{sas.url}"}}', want, secrets=(sas.sig,))


@form("A10", "file share")
def a10() -> Case:
    sas = mint.share_sas("contosofiles", "profiles", sp="rcwdl")
    want = far(
        "service_sas",
        "contosofiles",
        "mount.txt",
        lines=(1, 1),
        scope="container",
        container="profiles",
        may=frozenset({"read", "write", "delete", "list"}),
    )
    return text_case("mount.txt", sas.url, want, secrets=(sas.sig,))


@form("A11", "queue: no sr")
def a11() -> Case:
    sas = mint.queue_sas("contosoqueue", "orders", sp="raup")
    want = far(
        "service_sas",
        "contosoqueue",
        "worker.ini",
        lines=(2, 2),
        container="orders",
        may=frozenset({"read", "add", "update", "process"}),
    )
    return text_case("worker.ini", f"[queue]\nurl={sas.url}\n", want, secrets=(sas.sig,))


@form("A12", "table: tn, no sr")
def a12() -> Case:
    sas = mint.table_sas("contosotable", "Customers", sp="raud")
    want = far(
        "service_sas",
        "contosotable",
        "t.txt",
        lines=(1, 1),
        may=frozenset({"read", "add", "update", "delete"}),
    )
    return text_case("t.txt", sas.url, want, secrets=(sas.sig,))


@form("A42", "the end is a bare date")
def a42() -> Case:
    sas = mint.container_sas("contosodate", "c1", se="2051-10-06").ordered(PORTAL_SERVICE)
    want = Want(
        kind=("service_sas",),
        account="contosodate",
        scope="container",
        validity="valid",
        path="d.txt",
        lines=(1, 1),
    )
    return text_case("d.txt", sas.url, want, secrets=(sas.sig,))


@form("A43", "rights beyond racwdli, and a letter nobody knows")
def a43() -> Case:
    sas = mint.container_sas("contosorights", "c1", sp="racwdxyltmeopiz").ordered(PORTAL_SERVICE)
    want = far(
        "service_sas",
        "contosorights",
        "d.txt",
        scope="container",
        may=frozenset(
            [
                "read",
                "write",
                "delete",
                "list",
                "delete_version",
                "permanent_delete",
                "tags",
                "move",
                "execute",
                "unknown",
            ]
        ),
    )
    return text_case("d.txt", sas.url, want, secrets=(sas.sig,))


@form("A44", "version 2012-02-12, no spr")
def a44() -> Case:
    sas = mint.old_container_sas("contosoold", "legacy", sp="rwdl", se=FAR)
    want = far(
        "service_sas",
        "contosoold",
        "d.txt",
        scope="container",
        container="legacy",
        may=frozenset({"read", "write", "delete", "list"}),
    )
    return text_case("d.txt", sas.url, want, secrets=(sas.sig,))


@form("A49", "an end that is past is told as expired")
def a49() -> Case:
    sas = mint.container_sas("contosopast", "c1", se=PAST).ordered(PORTAL_SERVICE)
    want = Want(
        kind=("service_sas",), account="contosopast", validity="expired", expires_at=PAST, lines=(1, 1)
    )
    return text_case("d.txt", sas.url, want, secrets=(sas.sig,))


@form("A50", "a start that is to come")
def a50() -> Case:
    sas = mint.own_sas(
        "contososoon",
        "c1/b.bin",
        f"r\n2049-01-01T00:00:00Z\n{FAR}\n/blob/contososoon/c1/b.bin\n\n\n\n2017-11-09\n\n\n\n\n",
        {"sv": "2017-11-09", "sr": "b", "st": "2049-01-01T00:00:00Z", "se": FAR, "sp": "r"},
    )
    want = Want(
        kind=("service_sas",), account="contososoon", validity="not_yet_valid", scope="object", lines=(1, 1)
    )
    return text_case("d.txt", sas.url, want, secrets=(sas.sig,))


@form("A51", "restricted to an address range and https, and without seconds in its times")
def a51() -> Case:
    sas = mint.own_sas(
        "contosorange",
        "c1",
        "r\n\n2051-10-06T09:00Z\n/blob/contosorange/c1\n\n10.1.2.3-10.1.2.9\nhttps\n2017-11-09\n\n\n\n\n",
        {
            "sv": "2017-11-09",
            "sr": "c",
            "se": "2051-10-06T09:00Z",
            "sp": "r",
            "sip": "10.1.2.3-10.1.2.9",
            "spr": "https",
        },
    )
    want = far("service_sas", "contosorange", "d.txt", scope="container", may_not=CHANGES | {"list"})
    return text_case("d.txt", sas.url, want, secrets=(sas.sig,))
