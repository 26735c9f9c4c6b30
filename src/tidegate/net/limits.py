"""How long, how large, how often: the bounds of a run, and of one request whatever the server does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that have no place in the scope file; tests and slow networks set others."""

    request_s: float = 120.0
    """One request with all its attempts and the waiting between them."""
    attempt_s: float = 60.0
    """Connecting, headers and body of one attempt, so that a drip of bytes cannot hold it up."""
    connect_s: float = 10.0
    idle_s: float = 20.0
    """Between two pieces of an answer."""
    attempts: int = 5
    first_wait_s: float = 0.5
    """Before the second attempt; doubled for each that follows."""
    longest_wait_s: float = 30.0
    """A server that asks for more in `Retry-After` is not asked again."""
    concurrency: int = 32
    """Requests under way at once."""
    header_line_bytes: int = 16 << 10
    """Azure allows 8 KiB of metadata in a header, S3 2 KiB in all."""
    headers: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be asked in one run. `None`: as much as there is."""

    requests_per_second: float = 50.0
    requests: int | None = None
    """Attempts, counting what is tried again."""
    bytes_read: int | None = 5 << 30
    """Of answers' bodies. Listing a million blobs takes about 0.7 GB."""
    seconds: float | None = 3600.0
    """From the first request to the last byte."""
