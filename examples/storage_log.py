"""Write a log of a storage account, as Azure Monitor exports it, in which the example repository's link is used.

    python examples/storage_log.py FOLDER

The link is that of `research_repo.py`. Somebody reads a model, lists, takes a backup, and replaces a model; others
use links of their own. Addresses are those set apart for documentation.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from urllib.parse import parse_qs

from research_repo import MODELS, account_sas

LINK = account_sas(MODELS, "rwdlac", "2021-10-05T06:00:00Z", "2051-10-06T06:00:00Z")
OTHER = account_sas(MODELS, "r", "2023-01-01T06:00:00Z", "2023-12-31T06:00:00Z")
READER, TAKER = "192.0.2.17:50123", "198.51.100.44:40110"
USES = [
    ("2022-03-02T09:10:11Z", READER, "Wget/1.21.3", "GetBlob", "public-models/resnet50_l2_eps3.pt", LINK, 102_502_144),
    ("2023-05-09T02:11:40Z", TAKER, "python-requests/2.28", "ListContainers", "", LINK, 3_214),
    ("2023-05-09T02:11:58Z", TAKER, "python-requests/2.28", "ListBlobs", "backups", LINK, 812_330),
    ("2023-05-09T02:15:02Z", TAKER, "AzCopy/10.18", "GetBlob", "backups/ws-0417.vhd", LINK, 68_719_476_736),
    ("2023-05-09T03:02:21Z", TAKER, "AzCopy/10.18", "PutBlob", "public-models/resnet50_l2_eps3.pt", LINK, 0),
    ("2023-05-10T11:00:00Z", READER, "Wget/1.21.3", "GetBlob", "public-models/resnet50_l2_eps3.pt", LINK, 102_502_400),
    ("2023-05-10T12:00:00Z", "203.0.113.9:50000", "curl/8.0", "GetBlob", "datasets/train.tar", OTHER, 7_340_032),
]  # fmt: skip


def line(at: str, caller: str, agent: str, operation: str, name: str, query: str, sent: int) -> str:
    """Return one line of StorageBlobLogs: the signature stands in it as a hash alone."""
    told = hashlib.sha256(parse_qs(query)["sig"][0].encode()).hexdigest().upper()
    shown = query.partition("&sig=")[0] + "&sig=XXXXX"
    row = {
        "time": at,
        "category": "StorageWrite" if operation == "PutBlob" else "StorageRead",
        "operationName": operation,
        "statusCode": 201 if operation == "PutBlob" else 200,
        "callerIpAddress": caller,
        "identity": {"type": "SAS", "tokenHash": f"key1({'0' * 64}),SasSignature({told})"},
        "uri": f"https://{MODELS}.blob.core.windows.net/{name}?{shown}",
        "properties": {"userAgentHeader": agent, "objectKey": f"/{MODELS}/{name}", "responseBodySize": sent},
    }
    return json.dumps(row) + "\n"


def main() -> int:
    """Write it where the first argument says."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: storage_log.py FOLDER\n")
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "StorageBlobLogs.json").write_text("".join(line(*use) for use in USES), encoding="utf-8")
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
