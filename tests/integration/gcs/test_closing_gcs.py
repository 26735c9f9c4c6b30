"""Google's keys and buckets are closed at a service that checks signatures, through Google's own library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gcs_setting import (
    BUCKET,
    QUICK,
    SIGNER,
    VIEW,
    hmac_key,
    link,
    service_key,
    target,
    v2,
    v4,
    v4_hmac,
)

from corpus import mint_clouds as mint
from services.gcs_fake import GcsFake, running
from services.gcs_state import Cloud, HmacKey
from tidegate.close.carry_out import StoppedError, carry_out
from tidegate.close.journal import Journal, Mark
from tidegate.close.prove import Answer, Verdict, judge
from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError, UsageError
from tidegate.model.closing import Case, Known, Plan, Way
from tidegate.model.credential import Credential
from tidegate.net.audit import Memory
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.net.writer import Writer
from tidegate.plugins import Closer, closing, storage

EMAIL = SIGNER.partition(":")[2]
OWNER = "owner@contoso-research.iam.gserviceaccount.com"


@dataclass
class Ways:
    cloud: Cloud
    fake: GcsFake
    net: Net
    writer: Writer
    audit: Memory

    def open(self, credential: Credential, *known: Known) -> Closer:
        case = Case(finding="tg-0123456789abcdef", credential=credential, known=known, now=datetime.now(UTC))
        return closing("gcs").open(case, self.net, self.writer, {})

    def announced(self, plan: Plan) -> bool:
        calls = {(each.method, each.url) for each in (*(step.call for step in plan.steps), *plan.reads)}
        return {(e.method, e.url) for e in self.audit.entries if e.method not in ("GET", "HEAD")} <= calls


def sign_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key_file: dict[str, str]) -> None:
    path = tmp_path / f"{key_file['client_email']}.json"
    path.write_text(json.dumps(key_file))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


@contextmanager
def ways(*names: str) -> Iterator[Ways]:
    """A bucket that `signer` reads, a live HMAC key of it, and an owner beside."""
    cloud = Cloud()
    for name in ("signer", "owner"):
        # One RSA key for all: making another one takes a second.
        cloud.register(mint.service_account_json(name), mint.rsa_key("gcp"))
    cloud.owners.add(f"serviceAccount:{OWNER}")
    cloud.bucket(BUCKET)
    cloud.put(BUCKET, "2026/film.mp4", b"ebb and flow")
    cloud.allow(BUCKET, SIGNER, VIEW)
    cloud.allow(BUCKET, f"serviceAccount:{OWNER}", VIEW)
    key_id, secret = mint.hmac_pair("live")
    cloud.hmac_keys[key_id] = HmacKey(key_id, secret, EMAIL)
    audit = Memory()
    with running(cloud) as fake:
        scope = Scope.of(
            gcs=names or (BUCKET, EMAIL, key_id), endpoints={"gcs": fake.url, "gcs_management": fake.url}
        )
        owners = {"gcs": storage("gcs").owner, **closing("gcs").guards}
        with Net(scope, owners=owners, audit=audit, limits=QUICK) as net:
            yield Ways(cloud, fake, net, Writer(scope, owners=owners, audit=audit, run=net.run), audit)


@pytest.fixture(autouse=True)
def owner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sign in as the owner, and keep the credentials of whoever runs the tests out of it."""
    for name in ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    sign_in(monkeypatch, tmp_path, mint.service_account_json("owner"))


def verdict(closer: Closer) -> Verdict:
    leaked, flipped, control = closer.probes()
    refusals = frozenset(each.code for each in (leaked, flipped) if each.authentication)
    return judge(
        *(Answer(status=t.status, code=t.code) for t in (leaked, flipped, control)), refusals=refusals
    )


def apply(plan: Plan, closer: Closer, path: Path) -> None:
    with Journal(path, plan) as journal:
        carry_out(plan, closer, journal, lambda: datetime.now(UTC))


@pytest.mark.parametrize("kind", ["key", "signed_v4", "signed_v2"])
def test_a_key_file_or_its_link_is_closed_by_switching_off_that_key_and_deleting_it(
    tmp_path: Path, kind: str
) -> None:
    text = v2() if kind == "signed_v2" else v4()
    leaked = service_key(mint.service_account_json("signer")) if kind == "key" else link(text, kind)
    with ways() as way:
        closer = way.open(leaked, Known(id="sh-00000001", words="for Bo", signer=EMAIL))
        study = closer.study()
        fast, slow = study.plans
        assert (fast.way, slow.way) == (Way.FAST, Way.NO_DOWNTIME)
        key_id = mint.service_account_json("signer")["private_key_id"]
        assert fast.account == f"{key_id} of {EMAIL}"
        assert ("signed by" in dict(study.facts)) is (kind != "key")
        assert "sh-00000001: for Bo" in fast.steps[0].breaks
        assert verdict(closer) is Verdict.ALIVE
        apply(fast, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert way.announced(fast)
        # The same account's HMAC key, and what it signed, live on.
        assert verdict(way.open(link(v4_hmac()))) is Verdict.ALIVE
        (rest,) = way.open(leaked).study().plans
        assert [step.id for step in rest.steps] == ["delete-key"]
        apply(rest, closer, tmp_path / "third")
        assert verdict(closer) is Verdict.DEAD
        assert way.open(leaked).study().plans == ()
    assert "BEGIN PRIVATE" not in repr(way.audit.entries)


@pytest.mark.parametrize("kind", ["key", "link"])
def test_an_hmac_key_is_switched_off_and_deleted(tmp_path: Path, kind: str) -> None:
    leaked = hmac_key() if kind == "key" else link(v4_hmac())
    with ways() as way:
        closer = way.open(leaked)
        slow = closer.study().plans[1]
        assert [step.call.method for step in slow.steps] == ["PUT", "DELETE"]
        assert "gcloud storage hmac create" in slow.first[0]
        assert verdict(closer) is Verdict.ALIVE
        apply(slow, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert way.announced(slow)
        assert way.open(leaked).study().plans == ()
        # What the service account's key file signed lives on.
        assert verdict(way.open(link(v4()))) is Verdict.ALIVE


@pytest.mark.parametrize("member", ["allUsers", "allAuthenticatedUsers"])
def test_an_open_bucket_is_shut_at_once_or_by_its_policy(tmp_path: Path, member: str) -> None:
    with ways() as way:
        way.cloud.allow(BUCKET, member, VIEW)
        closer = way.open(target(f"gs://{BUCKET}"))
        fast, slow = closer.study().plans
        assert [step.id for step in fast.steps] == ["public-access-prevention"]
        assert [step.id for step in slow.steps] == ["bucket-policy", "public-access-prevention"]
        assert member in slow.steps[0].why
        assert "--no-public-access-prevention" in fast.steps[0].undo
        assert json.loads(fast.steps[0].call.body) == {
            "iamConfiguration": {"publicAccessPrevention": "enforced"}
        }
        if member == "allUsers":
            assert verdict(closer) is Verdict.ALIVE
        apply(slow, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert way.announced(slow)
        assert member not in way.cloud.buckets[BUCKET].iam
        assert SIGNER in way.cloud.buckets[BUCKET].iam
        assert way.open(target(f"gs://{BUCKET}")).study().plans == ()


@pytest.mark.parametrize(("number", "effect"), [(0, False), (0, True), (1, False), (1, True)])
def test_cut_off_at_any_step_a_second_run_finishes(tmp_path: Path, number: int, effect: bool) -> None:
    class CutOffError(Exception):
        """The process ended here."""

    with ways() as way:
        closer = way.open(hmac_key())
        plan = closer.study().plans[1]
        do, done = closer.do, []

        def cut(step: object) -> None:
            done.append(step)
            if len(done) <= number or effect:
                do(step)  # type: ignore[arg-type]
            if len(done) > number:
                raise CutOffError

        closer.do = cut  # type: ignore[method-assign]
        with pytest.raises(CutOffError):
            apply(plan, closer, tmp_path / "journal")
        fresh = way.open(hmac_key())
        with Journal(tmp_path / "journal", plan) as journal:
            assert journal.mark(plan.steps[number].id) is Mark.BEGUN
            carry_out(plan, fresh, journal, lambda: datetime.now(UTC))
        assert verdict(fresh) is Verdict.DEAD
        sent = [(e.method, e.url) for e in way.audit.entries if e.method not in ("GET", "HEAD")]
        assert len(sent) == 2


def test_without_permission_nothing_changes_and_the_permission_is_named(tmp_path: Path) -> None:
    with ways() as way:
        closer = way.open(hmac_key())
        plan = closer.study().plans[0]
        # Between plan and step the owner's rights are taken away, for writing only.
        state = closer.state(plan.steps[0])
        closer.state = lambda _: state  # type: ignore[method-assign]
        way.cloud.owners.clear()
        with pytest.raises(
            StoppedError, match=r"refused, nothing changed.*403 forbidden.*storage.hmacKeys.update"
        ):
            apply(plan, closer, tmp_path / "journal")
        assert all(key.active for key in way.cloud.hmac_keys.values())
        with pytest.raises(RefusedError, match="403") as told:
            way.open(service_key(mint.service_account_json("signer"))).study()
        assert "iam.serviceAccountKeys.list" in told.value.hint


def test_a_service_that_fails_or_is_out_of_scope_changes_nothing() -> None:
    with ways() as way:
        way.cloud.broken = 503
        for leaked in (
            hmac_key(),
            service_key(mint.service_account_json("signer")),
            target(f"gs://{BUCKET}"),
        ):
            with pytest.raises((NoAnswerError, RefusedError)):
                way.open(leaked).study()
        assert {entry.method for entry in way.audit.entries} == {"GET"}
    with ways("contoso-elsewhere") as way:
        for leaked in (
            hmac_key(),
            service_key(mint.service_account_json("signer")),
            target(f"gs://{BUCKET}"),
        ):
            with pytest.raises(OutOfScopeError):
                way.open(leaked).study()
        assert way.audit.entries == []


def test_the_leaked_key_itself_a_persons_key_and_no_owner_are_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with ways() as way:
        sign_in(monkeypatch, tmp_path, mint.service_account_json("signer"))
        with pytest.raises(UsageError, match="the leaked key itself"):
            way.open(service_key(mint.service_account_json("signer"))).study()
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
        with pytest.raises(UsageError, match="no credentials of the owner"):
            way.open(hmac_key()).study()
        unknown = link(v4().replace("X-Goog-Credential=signer", "X-Goog-Credential=stranger"))
        sign_in(monkeypatch, tmp_path, mint.service_account_json("owner"))
        with pytest.raises(OutOfScopeError):
            way.open(unknown).study()


def test_a_link_that_none_of_the_accounts_keys_signed_is_told_so() -> None:
    with ways() as way:
        way.cloud.accounts[EMAIL].clear()
        study = way.open(link(v4())).study()
        assert study.plans == ()
        assert "signBlob" in study.missing[0]


def test_the_command_closes_a_link_that_stands_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tidegate.cli import main  # noqa: PLC0415

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text(f"get it: {v4()}\n")
    with ways() as way:
        (tmp_path / "tidegate.toml").write_text(
            f'[scope]\ngcs = ["{BUCKET}", "{EMAIL}"]\n[endpoints]\ngcs = "{way.fake.url}"\ngcs_management = "{way.fake.url}"\n'
        )
        main(["scan", "README.md", "--jobs", "1", "--format", "json", "-o", "report.json", "--quiet"])
        (leak,) = [each["id"] for each in json.loads((tmp_path / "report.json").read_text())["findings"]]
        close = ["close", leak, "--report", "report.json", "--quiet"]
        assert main([*close, "--way", "fast", "--format", "json"]) == 1
        (plan,) = json.loads(capsys.readouterr().out)["closing"]["plans"]
        assert main([*close, "--apply", "--yes", plan["hash"], "--prove-at", "0"]) == 0
        assert "CLOSED" in capsys.readouterr().out
        assert main([*close, "--repository"]) == 2
        assert "no repository that is here" in capsys.readouterr().err
