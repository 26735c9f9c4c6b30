"""Write a log of a storage account, as Azure Monitor exports it, in which a link is used.

    python examples/storage_log.py FOLDER README

The link is the first one in the README. Somebody reads a model, lists, takes a backup, and replaces the model; somebody
else uses a link of their own. Addresses are those set apart for documentation.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

OTHER = "sv=2021-12-02&sr=c&sp=r&se=2023-12-31T06:00:00Z&spr=https&sig=bWFkZS11cA%3D%3D"
READER, TAKER = "192.0.2.17:50123", "198.51.100.44:40110"
LINK, MODEL = "", ""
"""Stand for the link and the model of the README."""
USES = [
    ("2022-03-02T09:10:11Z", READER, "Wget/1.21.3", "GetBlob", MODEL, LINK, 102_502_144),
    ("2023-05-09T02:11:40Z", TAKER, "python-requests/2.28", "ListContainers", "/", LINK, 3_214),
    ("2023-05-09T02:11:58Z", TAKER, "python-requests/2.28", "ListBlobs", "backups", LINK, 812_330),
    ("2023-05-09T02:15:02Z", TAKER, "AzCopy/10.18", "GetBlob", "backups/ws-0417.vhd", LINK, 68_719_476_736),
    ("2023-05-09T03:02:21Z", TAKER, "AzCopy/10.18", "PutBlob", MODEL, LINK, 0),
    ("2023-05-10T11:00:00Z", READER, "Wget/1.21.3", "GetBlob", MODEL, LINK, 102_502_400),
    ("2023-05-10T12:00:00Z", "203.0.113.9:50000", "curl/8.0", "GetBlob", "datasets/train.tar", OTHER, 7_340_032),
]  # fmt: skip


def line(
    link: str, at: str, caller: str, agent: str, operation: str, name: str, query: str, sent: int
) -> str:
    """Return one line of StorageBlobLogs: the signature stands in it as a hash alone."""
    parts = urlsplit(link)
    account, query = parts.netloc.partition(".")[0], query or parts.query
    path = "" if name == "/" else name or parts.path.lstrip("/")
    told = hashlib.sha256(parse_qs(query)["sig"][0].encode()).hexdigest().upper()
    row = {
        "time": at,
        "category": "StorageWrite" if operation == "PutBlob" else "StorageRead",
        "operationName": operation,
        "statusCode": 201 if operation == "PutBlob" else 200,
        "callerIpAddress": caller,
        "identity": {"type": "SAS", "tokenHash": f"key1({'0' * 64}),SasSignature({told})"},
        "uri": f"https://{parts.netloc}/{path}?{query.partition('&sig=')[0]}&sig=XXXXX",
        "properties": {"userAgentHeader": agent, "objectKey": f"/{account}/{path}", "responseBodySize": sent},
    }
    return json.dumps(row) + "\n"


def main() -> int:
    """Write it where the first argument says."""
    found = (
        re.search(r"https://[^'\s]+[?&]sig=[^'\s]+", Path(sys.argv[2]).read_text())
        if len(sys.argv) == 3
        else None
    )
    if found is None:
        sys.stderr.write("usage: storage_log.py FOLDER README, which holds a link\n")
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "StorageBlobLogs.json").write_text(
        "".join(line(found[0], *use) for use in USES), encoding="utf-8"
    )
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
