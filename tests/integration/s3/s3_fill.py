"""What lies in SeaweedFS, and whose keys open it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from services.seaweedfs import SeaweedFS

PRIVATE, PUBLIC, VERSIONED, ABSENT = (
    "contoso-private",
    "contoso-public",
    "contoso-versioned",
    "contoso-absent",
)
BUCKETS = (PRIVATE, PUBLIC, VERSIONED)
NAMES = ("a/x.txt", "a-b.txt", "a b+c%d/\u00fc&.txt", "b/1", "b/2", "c.bin", "empty")
BODY = b"hello, world"
READER = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{PRIVATE}", f"arn:aws:s3:::{PRIVATE}/*"],
        }
    ],
}


def fill(weed: SeaweedFS) -> None:
    with weed.s3() as s3:
        for bucket in BUCKETS:
            s3.create_bucket(Bucket=bucket)
            for name in NAMES:
                s3.put_object(Bucket=bucket, Key=name, Body=b"" if name == "empty" else BODY)
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": [f"arn:aws:s3:::{PUBLIC}", f"arn:aws:s3:::{PUBLIC}/*"],
                }
            ],
        }
        s3.put_bucket_policy(Bucket=PUBLIC, Policy=json.dumps(policy))
        s3.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=VERSIONED, Key="c.bin", Body=b"second")
        s3.delete_object(Bucket=VERSIONED, Key="b/1")


@dataclass(frozen=True)
class User:
    name: str
    key_id: str
    secret: str


def new_user(weed: SeaweedFS, name: str) -> User:
    """Make a user who may list and read the private bucket, and nothing else."""
    with weed.iam() as iam:
        iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        iam.put_user_policy(UserName=name, PolicyName="reader", PolicyDocument=json.dumps(READER))
    return User(name, made["AccessKeyId"], made["SecretAccessKey"])
