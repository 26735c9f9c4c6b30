"""What may be shared, for how long, and what the list of checksums looks like."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import UnsafeError, UsageError
from tidegate.model.observation import Executes, Inspection, Observation, Verdict
from tidegate.model.severity import Severity
from tidegate.model.share import Tried, Wish
from tidegate.share import manifest, mint, proof, seam
from tidegate.share.look import Looked
from tidegate.share.manifest import Sum

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def wish(
    provider: str = "azure", rights: tuple[str, ...] = ("read",), days: float = 1, path: str = "a"
) -> Wish:
    return Wish(
        id="sh-00000000", provider=provider, account="contoso", container="models", path=path,
        rights=rights, ends_at=NOW + timedelta(days=days),
    )  # fmt: skip


@given(
    st.sampled_from(["azure", "s3", "gcs"]),
    st.sets(st.sampled_from(["read", "list", "write"]), min_size=1),
    st.floats(0.01, 90),
    st.sampled_from(["", "a", "a/"]),
    st.booleans(),
    st.sampled_from(["", "  ", "because"]),
)
def test_nothing_wide_passes_without_consent_and_a_reason(
    provider: str, rights: set[str], days: float, path: str, allow_wide: bool, reason: str
) -> None:
    wanted = wish(provider, tuple(sorted(rights)), days, path)
    try:
        mint.check(wanted, NOW, reason=reason, allow_wide=allow_wide)
    except UsageError:
        return
    wide = days > 30 or ({"write", "list"} <= rights and days > 7)
    assert not wide or (allow_wide and reason.strip())
    assert provider == "azure" or (days <= 7 and len(rights) == 1)
    assert not (path and not path.endswith("/") and "list" in rights)


@pytest.mark.parametrize("provider", ["azure", "s3", "gcs"])
@pytest.mark.parametrize("rights", [("read",), ("write",)])
def test_a_narrow_link_of_some_days_needs_no_consent(provider: str, rights: tuple[str, ...]) -> None:
    mint.check(wish(provider, rights, days=7), NOW, reason="", allow_wide=False)


@pytest.mark.parametrize(
    ("rights", "days"), [(("read",), 30), (("list", "read"), 30), (("list", "write"), 7), (("write",), 30)]
)
def test_a_link_of_azure_is_wide_only_beyond_its_days(rights: tuple[str, ...], days: int) -> None:
    wanted = wish("azure", rights, days, path="")
    mint.check(wanted, NOW, reason="", allow_wide=False)
    wider = wish("azure", rights, days + 1, path="")
    mint.check(wider, NOW, reason="because", allow_wide=True)
    with pytest.raises(UsageError, match="too wide"):
        mint.check(wider, NOW, reason="because", allow_wide=False)


@pytest.mark.parametrize("text", ["0d", "7", "7x", "-1d", "99999d", "d", "", "1.5d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        mint.lifetime(text)


def test_addresses_are_read_as_ranges() -> None:
    assert mint.address_range("203.0.113.7") == "203.0.113.7"
    assert mint.address_range("203.0.113.0/30") == "203.0.113.0-203.0.113.3"
    assert mint.address_range("203.0.113.1 - 203.0.113.2") == "203.0.113.1-203.0.113.2"
    for wrong in ("203.0.113.2-203.0.113.1", "2001:db8::1", "x", "1.2.3.4/99"):
        with pytest.raises(UsageError):
            mint.address_range(wrong)


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=40
).filter(lambda name: name.strip(".") and len(name.encode()) < 200)


def test_sha256sum_reads_the_list_whatever_the_names(tmp_path: Path) -> None:
    names = [
        "plain",
        "with blank",
        "-n",
        "new\nline",
        "back\\slash",
        "re\rturn",
        "\x1b[31m",
        "übung",
        "*star",
    ]
    sums = []
    for number, name in enumerate(names):
        content = str(number).encode()
        (tmp_path / name).write_bytes(content)
        sums.append(Sum(name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))
    listed = manifest.text(sums)
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "--strict"],
        input=listed.encode(), cwd=tmp_path, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b""), done.stderr


@given(st.lists(NAMES, max_size=8, unique=True))
def test_a_list_has_a_line_for_each_name_and_does_not_depend_on_their_order(names: list[str]) -> None:
    sums = [Sum(name=name, size_bytes=1, sha256="0" * 64) for name in names]
    listed = manifest.text(sums)
    assert listed.count("\n") == len(names)
    assert manifest.text(reversed(sums)) == listed
    assert len(manifest.digest(listed)) == 64


def model(verdict: Verdict, path: str = "m.pkl") -> Inspection:
    note = Observation(inspector="pickle", kind="call", severity=Severity.CRITICAL, summary="calls os.system")
    executes = Executes.NO if verdict is Verdict.INERT else Executes.YES
    return Inspection(
        path=path,
        kind="pickle",
        verdict=verdict,
        executes=executes,
        severity=Severity.INFO,
        observations=(note,),
        size_bytes=1,
        bytes_read=1,
    )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_runs_code_is_refused_or_warned_of_and_what_cannot_is_passed(verdict: Verdict) -> None:
    looked = Looked(models=[model(verdict)])
    if verdict is Verdict.DANGEROUS:
        with pytest.raises(UnsafeError, match=r"not shared: m\.pkl would harm") as refused:
            looked.refuse()
        assert "safetensors" in refused.value.hint
        return
    looked.refuse()
    assert bool(looked.warnings()) == (verdict is not Verdict.INERT)
    assert all("safetensors" in each for each in looked.warnings())


@pytest.mark.parametrize(
    ("path", "there", "offered"),
    [
        ("a/net.ckpt", "a/net.safetensors", True),
        ("a/pytorch_model.bin", "a/model.safetensors", True),
        ("a/pytorch_model-00001-of-00002.bin", "a/model-00001-of-00002.safetensors", True),
        ("net", "net.safetensors", True),
        ("a/net.ckpt", "b/net.safetensors", False),
    ],
)
def test_what_cannot_run_code_is_offered_where_it_lies_beside(path: str, there: str, offered: bool) -> None:
    looked = Looked(models=[model(Verdict.CLEAN, path.rpartition("/")[2])])
    assert looked.offer(path, lambda name: name == there) == (
        f"{there} lies beside: share that instead" if offered else ""
    )
    whole = Looked(models=[model(Verdict.CLEAN, path)], sums=[Sum(name=there, size_bytes=1, sha256="0" * 64)])
    assert bool(whole.offer("", lambda _: False)) == offered
    inert = Looked(models=[model(Verdict.INERT, path)])
    assert inert.offer(path, lambda _: True) == ""


@pytest.mark.parametrize(
    ("link", "control", "owner", "said"),
    [
        ((403, True), (403, True), 200, proof.DEAD),
        ((200, False), (403, True), 200, proof.ALIVE),
        ((403, True), (403, True), 403, proof.INCONCLUSIVE),
        ((403, True), (403, True), None, proof.INCONCLUSIVE),
        ((404, False), (404, False), 200, proof.NOT_PROVEN),
        ((403, False), (403, False), 200, proof.NOT_PROVEN),
        ((None, False), (403, True), 200, proof.NOT_PROVEN),
        ((403, True), (200, False), 200, proof.INCONCLUSIVE),
    ],
)
def test_only_a_refusal_of_the_signature_beside_an_owner_who_is_served_is_dead(
    link: tuple[int | None, bool], control: tuple[int | None, bool], owner: int | None, said: str
) -> None:
    def tried(status: int | None, authentication: bool = False) -> Tried:
        return Tried(status=status, code="Refused" if status == 403 else "", authentication=authentication)

    assert proof.verdict(tried(*link), tried(*control), tried(owner)) == said


@pytest.mark.parametrize(
    "target",
    ["", "az://", "az://contoso", "ftp://a/b", "https://contoso.blob.core.windows.net/a", "s3:bucket", "gs://",
     "az://con toso/models", "az://contoso/Models", "s3://Bad_Bucket/x", "gs://..", "az://a/b?c", "s3://b/../x",
     f"s3://bucket/{'x' * 1025}", f"az://contoso/models/{'x' * 1025}", "gs://bucket/./x", "az://contoso/models/\udc80"],
)  # fmt: skip
def test_what_names_nothing_that_can_be_shared_is_refused(target: str) -> None:
    with pytest.raises(UsageError):
        seam.place(target)


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    try:
        _, (_, container, _) = seam.place(text)
    except UsageError:
        return
    assert container
