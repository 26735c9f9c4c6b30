"""Keys and buckets are closed at services that check signatures, and the proof is theirs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from s3_fill import PRIVATE, PUBLIC, User, new_user
from s3_setting import key, link, open_address

from services.ministack import MiniStack
from services.s3_fake import Bucket, FakeKey, S3Fake
from services.seaweedfs import KEY_ID, SECRET, SeaweedFS
from tidegate.close.carry_out import StoppedError, carry_out
from tidegate.close.journal import Journal, Mark
from tidegate.close.prove import Answer, Verdict, judge
from tidegate.errors import NoAnswerError, OutOfScopeError, UsageError
from tidegate.model.closing import Case, Known, Plan, Way
from tidegate.model.credential import Credential
from tidegate.net.audit import Memory
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.net.writer import Writer
from tidegate.plugins import Closer, closing, storage
from tidegate.schema.documents import DOCUMENTS, schema

pytestmark = pytest.mark.xdist_group("s3-services")


@dataclass
class Ways:
    net: Net
    writer: Writer
    audit: Memory

    def open(self, credential: Credential, *known: Known) -> Closer:
        case = Case(finding="tg-0123456789abcdef", credential=credential, known=known, now=datetime.now(UTC))
        return closing("s3").open(case, self.net, self.writer, {})

    def writes(self) -> list[str]:
        return [each.asked for each in self.audit.entries if each.method not in ("GET", "HEAD")]

    def announced(self, plan: Plan) -> bool:
        """Every write in the record is one that the plan named, by verb and address, as a step or a read."""
        calls = {(each.method, each.url) for each in (*(step.call for step in plan.steps), *plan.reads)}
        return {(e.method, e.url) for e in self.audit.entries if e.method not in ("GET", "HEAD")} <= calls


@contextmanager
def ways(endpoint: str, *names: str) -> Iterator[Ways]:
    audit = Memory()
    scope = Scope.of(s3=names, endpoints={"s3": endpoint, "s3_management": endpoint})
    owners = {"s3": storage("s3").owner, **closing("s3").guards}
    with Net(scope, owners=owners, audit=audit) as net:
        yield Ways(net, Writer(scope, owners=owners, audit=audit, run=net.run), audit)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the credentials of whoever runs the tests out of it, and the machine's own."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


def sign_in(monkeypatch: pytest.MonkeyPatch, key_id: str = KEY_ID, secret: str = SECRET) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)


def verdict(closer: Closer) -> Verdict:
    leaked, flipped, owner = closer.probes()
    refusals = frozenset(each.code for each in (leaked, flipped) if each.authentication)
    return judge(*(Answer(status=t.status, code=t.code) for t in (leaked, flipped, owner)), refusals=refusals)


def apply(plan: Plan, closer: Closer, path: Path) -> None:
    with Journal(path, plan) as journal:
        carry_out(plan, closer, journal, lambda: datetime.now(UTC))


def signed(weed: SeaweedFS, user: User) -> Credential:
    with weed.s3(user.key_id, user.secret) as s3:
        url = s3.generate_presigned_url(
            "get_object", Params={"Bucket": PRIVATE, "Key": "c.bin"}, ExpiresIn=600
        )
    return link(url)


def test_a_leaked_link_is_closed_by_deactivating_the_key_that_signed_it(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch)
    leaker, other = new_user(weed, "leaker"), new_user(weed, "bystander-of-closing")
    with ways(weed.endpoint, PRIVATE, leaker.key_id) as way:
        hangs = Known(id="sh-00000001", words="for Bo, until tomorrow", signer=leaker.key_id)
        closer = way.open(signed(weed, leaker), hangs)
        study = closer.study()
        assert dict(study.facts)["user"] == "leaker"
        fast, slow = study.plans
        assert (fast.way, slow.way) == (Way.FAST, Way.NO_DOWNTIME)
        assert "sh-00000001: for Bo, until tomorrow" in fast.steps[0].breaks
        assert "make a second key" in slow.first[0]
        assert [step.before for step in slow.steps] == ["Active", "Inactive"]
        assert verdict(closer) is Verdict.ALIVE
        apply(fast, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert verdict(way.open(key(leaker.key_id, leaker.secret))) is Verdict.DEAD
        assert way.announced(fast)
        assert fast.steps[0].does in way.writes()
        # The other user's link lives on.
        with ways(weed.endpoint, PRIVATE, other.key_id) as further:
            assert verdict(further.open(signed(weed, other))) is Verdict.ALIVE
        again = way.open(signed(weed, leaker)).study()
        (left,) = again.plans
        assert [step.id for step in left.steps] == ["delete-key"]
        apply(left, closer, tmp_path / "second")
        assert verdict(closer) is Verdict.DEAD
        assert way.open(signed(weed, leaker)).study().plans == ()
    assert SECRET not in repr(way.audit.entries)
    assert leaker.secret not in repr(way.audit.entries)


def test_a_key_without_any_bucket_is_proved_by_the_list_of_buckets_and_everything_sent_was_announced(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch)
    user = new_user(weed, "no-bucket")
    with weed.iam() as iam:
        everything = {
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            "Version": "2012-10-17",
        }
        iam.put_user_policy(UserName=user.name, PolicyName="reader", PolicyDocument=json.dumps(everything))
    with ways(weed.endpoint, user.key_id) as way:
        closer = way.open(key(user.key_id, user.secret))
        fast = closer.study().plans[0]
        assert verdict(closer) is Verdict.ALIVE
        apply(fast, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert way.announced(fast)
        bodies = {each.body.partition("&")[0] for each in fast.reads}
        assert {"Action=GetAccessKeyLastUsed", "Action=ListUsers"} <= bodies


@pytest.mark.parametrize(("number", "effect"), [(0, True), (1, False), (1, True)])
def test_cut_off_at_any_step_a_second_run_finishes(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, effect: bool
) -> None:
    sign_in(monkeypatch)
    user = new_user(weed, f"cut-{number}-{effect}")

    class CutOffError(Exception):
        """The process ended here."""

    with ways(weed.endpoint, PRIVATE, user.key_id) as way:
        closer = way.open(key(user.key_id, user.secret))
        plan = closer.study().plans[-1]
        do, done = closer.do, []

        def cut(step: object) -> None:
            done.append(step)
            if len(done) == number + 1:
                if effect:
                    do(step)  # type: ignore[arg-type]
                raise CutOffError
            do(step)  # type: ignore[arg-type]

        monkeypatch.setattr(closer, "do", cut)
        with pytest.raises(CutOffError):
            apply(plan, closer, tmp_path / "journal")
        fresh = way.open(key(user.key_id, user.secret))
        with Journal(tmp_path / "journal", plan) as journal:
            assert journal.mark(plan.steps[number].id) is Mark.BEGUN
            carry_out(plan, fresh, journal, lambda: datetime.now(UTC))
        assert verdict(fresh) is Verdict.DEAD
        assert len([each for each in way.writes() if each == plan.steps[1].does]) == 1


def test_without_permission_nothing_changes_and_the_permission_is_named(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch)
    victim, weak = new_user(weed, "victim"), new_user(weed, "weak")
    with ways(weed.endpoint, PRIVATE, victim.key_id) as way:
        plan = way.open(key(victim.key_id, victim.secret)).study().plans[0]
        sign_in(monkeypatch, weak.key_id, weak.secret)
        with pytest.raises(Exception, match="AccessDenied"):
            way.open(key(victim.key_id, victim.secret)).study()
        sign_in(monkeypatch)
        closer = way.open(key(victim.key_id, victim.secret))
        closer.study()
        weakened = way.open(key(victim.key_id, victim.secret))
        sign_in(monkeypatch, weak.key_id, weak.secret)
        weakened.sdk()  # type: ignore[attr-defined]
        monkeypatch.setattr(weakened, "state", closer.state)
        with pytest.raises(
            StoppedError, match=r"refused, nothing changed.*AccessDenied.*iam:UpdateAccessKey"
        ):
            apply(plan, weakened, tmp_path / "journal")
        assert verdict(closer) is Verdict.ALIVE


def test_a_session_a_foreign_key_and_the_leaked_key_itself_are_refused_in_words(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = new_user(weed, "plain")
    with ways(weed.endpoint, PRIVATE, user.key_id, "AKIATIDEGATEFAKEKEY9") as way:
        with pytest.raises(UsageError, match="no credentials of the owner"):
            way.open(key(user.key_id, user.secret)).study()
        sign_in(monkeypatch, user.key_id, user.secret)
        with pytest.raises(UsageError, match="the leaked key itself"):
            way.open(key(user.key_id, user.secret)).study()
        sign_in(monkeypatch)
        with pytest.raises(UsageError, match="session"):
            way.open(key("ASIATIDEGATEFAKEKEY1", SECRET))
        unknown = way.open(key("AKIATIDEGATEFAKEKEY9", SECRET)).study()
        assert unknown.plans == ()
        assert "no such key" in unknown.missing[0]
    with ways(weed.endpoint, PRIVATE) as narrow, pytest.raises(OutOfScopeError):
        narrow.open(key(user.key_id, user.secret)).study()


def test_a_service_that_does_not_answer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    with ways("http://127.0.0.1:9", "AKIATIDEGATEFAKEKEY9") as way, pytest.raises(NoAnswerError):
        way.open(key("AKIATIDEGATEFAKEKEY9", SECRET)).study()


ANYONE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Team", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/*"},
        {"Sid": "Everybody", "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"]},
    ],
}  # fmt: skip


def open_bucket(stack: MiniStack, monkeypatch: pytest.MonkeyPatch, bucket: str, *, acl: bool = True) -> None:
    with stack.iam() as iam:
        iam.create_user(UserName=f"owner-of-{bucket}")
        made = iam.create_access_key(UserName=f"owner-of-{bucket}")["AccessKey"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
        iam.put_user_policy(
            UserName=f"owner-of-{bucket}", PolicyName="all", PolicyDocument=json.dumps(policy)
        )
    sign_in(monkeypatch, made["AccessKeyId"], made["SecretAccessKey"])
    with stack.s3(made["AccessKeyId"], made["SecretAccessKey"]) as s3:
        s3.create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
        s3.delete_public_access_block(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="open.txt", Body=b"hello")
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(ANYONE).replace("BUCKET", bucket))
        if acl:
            s3.put_bucket_acl(Bucket=bucket, ACL="public-read")


def test_an_open_bucket_is_shut_at_once_by_block_public_access(
    stack: MiniStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_bucket(stack, monkeypatch, "contoso-fast")
    with ways(stack.endpoint, "contoso-fast") as way:
        closer = way.open(open_address("s3://contoso-fast"))
        study = closer.study()
        fast = study.plans[0]
        assert [step.id for step in fast.steps] == ["block-public-access"]
        assert "BlockPublicAcls=false" in fast.steps[0].undo
        assert verdict(closer) is Verdict.ALIVE
        apply(fast, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert way.announced(fast)
        assert way.writes() == [fast.steps[0].does]


def test_an_open_bucket_is_shut_without_downtime_by_policy_and_list_and_then_the_block(
    stack: MiniStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_bucket(stack, monkeypatch, "contoso-slow")
    with ways(stack.endpoint, "contoso-slow") as way:
        closer = way.open(open_address("https://contoso-slow.s3.amazonaws.com/open.txt"))
        slow = closer.study().plans[1]
        assert [step.id for step in slow.steps] == ["bucket-policy", "bucket-acl", "block-public-access"]
        assert "statement 2 (Everybody)" in slow.steps[0].why
        assert "access logs" in slow.first[0]
        apply(slow, closer, tmp_path / "journal")
        assert verdict(closer) is Verdict.DEAD
        assert way.announced(slow)
        left = closer.study()
        assert left.plans == ()
        assert "as it should be" in " ".join(left.missing)


def test_a_service_without_a_block_is_shut_by_its_policy(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch)
    with weed.s3() as s3:
        was = s3.get_bucket_policy(Bucket=PUBLIC)["Policy"]
    with ways(weed.endpoint, PUBLIC) as way:
        closer = way.open(open_address(f"s3://{PUBLIC}"))
        study = closer.study()
        fast = study.plans[0]
        assert [(step.id, step.call.method) for step in fast.steps] == [("bucket-policy", "DELETE")]
        assert "no public access block" in study.missing[0]
        assert verdict(closer) is Verdict.ALIVE
        try:
            apply(fast, closer, tmp_path / "journal")
            assert verdict(closer) is Verdict.DEAD
        finally:
            with weed.s3() as s3:
                s3.put_bucket_policy(Bucket=PUBLIC, Policy=was)


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    from tidegate.cli import main  # noqa: PLC0415

    code = main(list(arguments))
    return code, capsys.readouterr().out


def test_the_command_finds_a_link_in_a_repository_closes_it_proves_it_and_says_how_to_clean_up(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in(monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    user = new_user(weed, "through-the-command")
    text = signed(weed, user).text
    assert text is not None
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    (repository / "README.md").write_text(f"get it: {text.reveal()}\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@contoso.example")
    subprocess.run(["git", "-C", str(repository), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(repository), *who, "commit", "-q", "-m", "begin"], check=True)
    (tmp_path / "tidegate.toml").write_text(
        f'[scope]\ns3 = ["{PRIVATE}", "{user.key_id}"]\n'
        f'[endpoints]\ns3 = "{weed.endpoint}"\ns3_management = "{weed.endpoint}"\n'
    )
    assert (
        command(
            capsys, "scan", str(repository), "--jobs", "1", "--format", "json", "-o", "report.json", "--quiet"
        )[0]
        == 1
    )
    found = json.loads((tmp_path / "report.json").read_text())["findings"]
    (leak,) = [each["id"] for each in found if each["grant"]["kind"] == "presigned_url"]
    close = ("close", leak, "--report", "report.json", "--quiet", "--audit", "audit.jsonl")

    code, letter = command(capsys, "close", leak, "--report", "report.json", "--disclose")
    assert code == 0
    assert "aws-security@amazon.com" in letter
    code, told = command(capsys, *close, "--repository", str(repository), "--to", "early")
    assert code == 1
    assert "It may still work" in told
    assert not list((tmp_path / "early").glob("*rewrite*"))

    code, told = command(capsys, *close, "--way", "fast", "--format", "json")
    assert code == 1
    (plan,) = json.loads(told)["closing"]["plans"]
    code, told = command(
        capsys, *close, "--apply", "--yes", plan["hash"], "--prove-at", "0", "--reported", "2026-11-01"
    )
    assert code == 0, told
    assert "CLOSED" in told
    (record,) = (tmp_path / "state").rglob("record.md")
    assert f"Record: {record}" in told
    markdown = record.read_text()
    assert "CLOSED" in markdown
    assert "no log was read" in markdown.lower()
    kept = json.loads(record.with_suffix(".json").read_text())
    assert kept["state"] == "closed"
    Draft202012Validator(schema(DOCUMENTS["closure"])).validate(kept)

    code, told = command(capsys, *close, "--repository", str(repository), "--to", "late", "--format", "json")
    assert code == 1
    assert json.loads(told)["repository"]["proved"] is True
    names = {each.name.removeprefix(leak) for each in (tmp_path / "late").iterdir()}
    assert names == {".patch", "-pull-request.md", "-blob.py", "-rewrite.md"}
    subprocess.run(
        ["git", "-C", str(repository), "apply", str(tmp_path / "late" / f"{leak}.patch")], check=True
    )
    assert (
        repository / "README.md"
    ).read_text() == f"get it: REVOKED-LINK-ask-its-owner-for-a-new-one-{leak}\n"
    signature = text.reveal().rpartition("Signature=")[2][:16]
    for path in (*(tmp_path / "state").rglob("*"), *(tmp_path / "late").iterdir(), tmp_path / "audit.jsonl"):
        assert not path.is_file() or signature not in path.read_text()


def test_a_bucket_of_another_region_is_changed_in_that_region(
    amazon: S3Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch)
    amazon.keys[KEY_ID] = FakeKey(SECRET)
    amazon.buckets["contoso-far"] = Bucket(region="eu-central-1", listed_by_anyone=True)
    with ways(amazon.url, "contoso-far") as way:
        closer = way.open(open_address("s3://contoso-far"))
        assert closer._placed().region == "eu-central-1"  # type: ignore[attr-defined]


def test_a_link_of_a_session_is_ended_by_closing_its_object_to_presigned_links(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch)
    user = new_user(weed, "as-if-a-session")
    found = signed(weed, user)
    # No service here makes keys of sessions: the link of a user's key is taken for one.
    session = replace(found, grant=replace(found.grant, signer="ASIATIDEGATEFAKEKEY1"))
    with ways(weed.endpoint, PRIVATE, user.key_id) as way:
        closer = way.open(session)
        (plan,) = closer.study().plans
        (step,) = plan.steps
        assert json.loads(step.call.body)["Statement"][-1]["Resource"] == f"arn:aws:s3:::{PRIVATE}/c.bin"
        assert step.undo == f"aws s3api delete-bucket-policy --bucket {PRIVATE}"
        assert verdict(closer) is Verdict.ALIVE
        try:
            apply(plan, closer, tmp_path / "journal")
            assert verdict(closer) is Verdict.DEAD
            assert way.announced(plan)
            # The key that signed it is alive, by header and for other objects.
            assert verdict(way.open(key(user.key_id, user.secret))) is Verdict.ALIVE
            again = way.open(session).study()
            assert again.plans == ()
            assert "denies it already" in again.missing[0]
        finally:
            with weed.s3() as s3:
                s3.delete_bucket_policy(Bucket=PRIVATE)
        assert verdict(closer) is Verdict.ALIVE
