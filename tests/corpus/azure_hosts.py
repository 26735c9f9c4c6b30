"""Azure shared access signatures: every host they are seen on, and none."""

from __future__ import annotations

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE, far
from corpus.model import Case, form, lines_of, text_case


def _on_host(id_: str, what: str, host: str, account: str | None, path: str = "raw/set.parquet") -> None:
    """Register a form: a blob SAS whose address has another host."""

    def build() -> Case:
        name = account or "contosohidden"
        sas = mint.blob_sas(name, "raw", "set.parquet", seed=id_).ordered(PORTAL_SERVICE)
        text = f"see\nhttps://{host}/{path}?{sas.query}\n"
        want = far(
            "service_sas",
            account,
            "d.md",
            scope="object",
            container="raw",
            key="set.parquet",
            lines=lines_of(text, "https"),
        )
        return text_case("d.md", text, want, secrets=(sas.sig,))

    form(id_, what)(build)


_on_host("A13", "China", "contosocn.blob.core.chinacloudapi.cn", "contosocn")
_on_host("A14", "US Government", "contosogov.blob.core.usgovcloudapi.net", "contosogov")
_on_host("A15", "private link", "contosoprivate.privatelink.blob.core.windows.net", "contosoprivate")
_on_host(
    "A16",
    "custom domain: the account is not known, and it is a finding all the same",
    "data.contoso-research.org",
    None,
)
_on_host("A45", "zone DNS", "contosozone.z12.blob.storage.azure.net", "contosozone")
_on_host("A52", "secondary region", "contosorepl-secondary.blob.core.windows.net", "contosorepl")
_on_host("A53", "a port in the address", "contosoport.blob.core.windows.net:443", "contosoport")
_on_host(
    "A54",
    "an emulator's path style with an account of one's own",
    "127.0.0.1:10000",
    "contosolocal",
    "contosolocal/raw/set.parquet",
)
_on_host("A55", "Germany, as it was", "contosode.blob.core.cloudapi.de", "contosode")


@form("A46", "host in capitals and the container $web")
def a46() -> Case:
    sas = mint.blob_sas("contosoweb", "$web", "admin/index.html").ordered(PORTAL_SERVICE)
    text = f"HTTPS://CONTOSOWEB.BLOB.CORE.WINDOWS.NET/$web/admin/index.html?{sas.query}"
    want = far("service_sas", "contosoweb", "d.txt", scope="object", container="$web", key="admin/index.html")
    return text_case("d.txt", text, want, secrets=(sas.sig,))


@form("A48", "a log line: path and query, no host")
def a48() -> Case:
    sas = mint.blob_sas("contosolog", "backups", "crm.bak").ordered(PORTAL_SERVICE)
    text = (
        '10.0.0.1 - - [24/Nov/2026:10:00:00 +0000] "GET /health HTTP/1.1" 200 2\n'
        f'10.0.0.9 - - [24/Nov/2026:10:00:01 +0000] "GET /{sas.path}?{sas.query} HTTP/1.1" 200 77312\n'
    )
    want = far(
        "service_sas", None, "access.log", lines=(2, 2), scope="object", container="backups", key="crm.bak"
    )
    return text_case("access.log", text, want, secrets=(sas.sig,))
