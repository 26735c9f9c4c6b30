"""What leaked is ended on purpose: planned, carried out as announced, and proved dead."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableAccessPolicy, TableServiceClient, generate_table_sas
from azure.storage.blob import AccessPolicy, BlobServiceClient, ContainerSasPermissions
from azure.storage.queue import AccessPolicy as QueuePolicy
from azure.storage.queue import QueueClient, generate_queue_sas
from azure_fill import EMULATED
from azure_setting import ACCOUNT, ENTRA_ACCOUNT, HOUR, NOW, account_sas, container_sas
from closing_setting import CLOSING_ACCOUNT, Leak, leak
from fake_setting import company, delegated_sas

from corpus.asked import repository
from corpus.schemas import hold
from services.azure_fake import running
from services.azurite import Azurite
from tidegate.api.closing import read_again
from tidegate.api.scanning import scan
from tidegate.errors import UsageError
from tidegate.lab.control_plane import ControlPlane, Fault, Switches
from tidegate.share.ledger import Share, open_ledger

WIDE = timedelta(days=9000)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "tidegate"


@pytest.fixture
def leaked(
    azurite: Azurite, tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Leak]:  # fmt: skip
    with leak(azurite, CLOSING_ACCOUNT, tmp_path, compiled, monkeypatch, capsys) as made:
        yield made


def last(out: str) -> str:
    """Return the line that says how it stands."""
    begins = ("CLOSED:", "NOT ", "Refused so far")
    return next((line for line in out.splitlines() if line.startswith(begins)), "")


def wide(case: Leak, key: int = 0, permission: str = "rwdlac") -> str:
    token = account_sas(case.keys[key], permission, account=case.account, expiry=NOW + WIDE)
    return case.link(token + "&restype=container&comp=list")


def test_the_leaked_link_is_ended_by_replacing_only_the_key_that_signed_it(
    leaked: Leak, tmp_path: Path
) -> None:
    links = {
        "first": wide(leaked),
        "same_key": wide(leaked, permission="rl"),
        "other_key": wide(leaked, 1, "rl"),
    }
    ids = leaked.report(**links)
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    ledger.add(share(leaked, "sh-00000000", link=links["first"]))
    ledger.add(share(leaked, "sh-00000001", leaked.keys[0]))
    ledger.add(share(leaked, "sh-00000002", leaked.keys[1]))
    ledger.close()
    words = (ids["first"], "--ledger", tmp_path / "ledger.sqlite")

    code, out, err = leaked.close(*words, "--format", "json", "--quiet")
    assert (code, err) == (1, "")
    document = hold("close", out)
    facts = {fact["label"]: fact["words"] for fact in document["closing"]["facts"]}
    assert facts["signed by"] == f"key1 of {leaked.account} (tried: key2 did not)"
    plans = {plan["way"]: plan for plan in document["closing"]["plans"]}
    assert [plan["steps"][0]["reversible"] for plan in plans.values()] == [True, False]
    rotate = plans["no-downtime"]
    breaks, spares = " ".join(rotate["steps"][0]["breaks"]), " ".join(rotate["spares"])
    assert all(name in breaks for name in (ids["same_key"], "sh-00000001"))
    assert all(name in spares for name in (ids["other_key"], "sh-00000002"))
    assert all(leaked.answers(link) == 200 for link in links.values())
    assert {call.url.partition("?")[0].rpartition("/")[2] for call in leaked.writes()} == {"listKeys"}

    code, out, err = leaked.close(*words, "--apply", "--yes", rotate["hash"], "--prove-at", "0")
    assert (code, last(out)[:7]) == (0, "CLOSED:"), err
    assert [leaked.answers(link) for link in links.values()] == [403, 403, 200]
    leaked.assert_announced(*plans.values())
    sent = [call.url.partition("?")[0].rpartition("/")[2] for call in leaked.writes()]
    assert sent.count("regenerateKey") == 1
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    states = {each.id: each.state for each in ledger.all()}
    ledger.close()
    assert states == {"sh-00000000": "revoked", "sh-00000001": "revoking", "sh-00000002": "live"}
    held = b"".join(each.read_bytes() for each in (tmp_path / "state").rglob("*") if each.is_file())
    assert leaked.keys[0].encode() not in held
    assert links["first"].partition("sig=")[2].partition("&")[0].encode() not in held

    code, out, _ = leaked.close(*words, "--prove", "--format", "json")
    document = hold("close", out)
    assert (code, document["complete"], document["findings"][0]["reach"]["state"]) == (0, True, "closed")
    assert document["closing"]["proof"]["proved"] is True


def share(case: Leak, name: str, key: str = "", link: str = "") -> Share:
    """Return a row of the ledger for a link, or for one that this key signed."""
    from urllib.parse import parse_qs  # noqa: PLC0415

    from tidegate.model.secret import Secret  # noqa: PLC0415

    text = link.partition("?")[2] or account_sas(key, "rl", account=case.account)
    token = {k: v[0] for k, v in parse_qs(text).items()}
    fingerprint = Secret(token.pop("sig")).fingerprint
    return Share(
        id=name, state="live", created_at=NOW.isoformat(), ends_at=(NOW + HOUR).isoformat(), provider="azure",
        account=case.account, container="models", path="", rights="read", kind="account_sas",
        parameters=token, fingerprint=fingerprint, made_by="mira",
    )  # fmt: skip


def test_what_ended_by_its_own_date_is_not_taken_for_proved(leaked: Leak) -> None:
    token = account_sas(leaked.keys[0], "rl", account=leaked.account, expiry=NOW - HOUR)
    ids = leaked.report(first=leaked.link(token))
    code, out, _ = leaked.close(ids["first"])
    assert (code, "ended         by its own date" in out) == (1, True), out
    code, out, _ = leaked.close(ids["first"], "--prove", "--prove-at", "0")
    assert (code, last(out)[:10]) == (3, "NOT PROVED"), out


def test_it_is_closed_only_when_every_proof_that_was_asked_for_holds(leaked: Leak) -> None:
    ids = leaked.report(first=wide(leaked))
    plan = leaked.plans(ids["first"])["no-downtime"]
    code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"])
    assert (code, "Refused so far (1 of 4 proofs)" in out, "CLOSED" in out) == (3, True, False), err
    before = len(leaked.plane.requests)
    code, out, _ = leaked.close(ids["first"], "--prove")
    assert (code, "Refused so far (1 of 4 proofs)" in out) == (3, True)
    assert len(leaked.plane.requests) == before
    code, out, _ = leaked.close(ids["first"], "--prove", "--format", "json")
    document = hold("close", out)
    assert document["complete"] is False
    assert document["gaps"][0]["reason"].startswith("refused so far; the next proof is due at ")
    assert len(document["closing"]["proof"]["rounds"]) == 1


def test_the_fast_way_turns_keys_off_and_can_be_taken_back(
    azurite_with_entra: Azurite, tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with leak(azurite_with_entra, ENTRA_ACCOUNT, tmp_path, compiled, monkeypatch, capsys) as case:
        link = wide(case)
        ids = case.report(first=link)
        plan = case.plans(ids["first"])["fast"]
        code, out, err = case.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
        assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
        assert case.answers(link) == 403
        case.assert_announced(plan)
        assert "already" in case.close(ids["first"])[1]
        case.plane.accounts[ENTRA_ACCOUNT].allow_keys(True)
        assert case.answers(link) == 200
        time.sleep(1)  # until the second is due
        code, out, _ = case.close(ids["first"], "--prove", "--prove-at", "0,1s")
        assert (code, last(out)[:10]) == (1, "NOT CLOSED")


@pytest.mark.parametrize("way", ["fast", "no-downtime"])
def test_a_policy_is_ended_and_nothing_else_of_the_container_is_touched(leaked: Leak, way: str) -> None:
    key, name = leaked.keys[1], f"shown-{way}"
    options = {"credential": key, "api_version": EMULATED}
    allowed = AccessPolicy(ContainerSasPermissions(read=True, list=True), NOW + WIDE, NOW - HOUR)
    with BlobServiceClient(leaked.azurite.url(leaked.account), **options) as service:
        with service.create_container(name, public_access="blob") as made:
            made.set_container_access_policy({"leaky": allowed, "other": allowed}, public_access="blob")
        links = {
            each: leaked.link(
                container_sas(key, name, None, policy_id=each, account=leaked.account)
                + "&restype=container&comp=list",
                name,
            )
            for each in ("leaky", "other")
        }
        ids = leaked.report(**links)
        plan = leaked.plans(ids["leaky"])[way]
        assert plan["steps"][0]["reversible"]
        code, out, err = leaked.close(ids["leaky"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
        assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
        assert [leaked.answers(link) for link in links.values()] == [403, 200]
        with service.get_container_client(name) as container:
            stands = container.get_container_access_policy()
        assert stands["public_access"] == "blob"
        names = {each.id for each in stands["signed_identifiers"]}
        assert names == ({"leaky", "other"} if way == "fast" else {"other"})
    leaked.assert_announced(plan)


def test_a_leaked_key_is_replaced_and_the_links_it_signed_are_named(leaked: Leak) -> None:
    key = leaked.keys[1]
    text = f"DefaultEndpointsProtocol=https;AccountName={leaked.account};AccountKey={key};EndpointSuffix=core.windows.net"
    ids = leaked.report(first=text, signed=wide(leaked, 1), other=wide(leaked))
    plan = leaked.plans(ids["first"])["no-downtime"]
    (step,) = plan["steps"]
    assert (step["id"], ids["signed"] in " ".join(step["breaks"])) == ("key2", True)
    assert ids["other"] in " ".join(plan["spares"])
    code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
    assert leaked.keys[1] != key
    assert key not in out + err


def test_a_key_in_the_environment_is_enough_for_policies(leaked: Leak) -> None:
    name = "bykey"
    allowed = AccessPolicy(ContainerSasPermissions(read=True, list=True), NOW + WIDE, NOW - HOUR)
    options = {"credential": leaked.keys[0], "api_version": EMULATED}
    with (
        BlobServiceClient(leaked.azurite.url(leaked.account), **options) as service,
        service.create_container(name) as made,
    ):
        made.set_container_access_policy({"leaky": allowed})
    token = container_sas(leaked.keys[1], name, None, policy_id="leaky", account=leaked.account)
    ids = leaked.report(first=leaked.link(token + "&restype=container&comp=list", name))
    leaked.environment = {
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", "AZURE_STORAGE_KEY": leaked.keys[0],
        "AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-000000000001",
    }  # fmt: skip
    plan = leaked.plans(ids["first"])["no-downtime"]
    code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
    assert leaked.plane.requests == []
    leaked.assert_announced(plan)


@pytest.mark.parametrize("service", ["queue", "table"])
def test_policies_of_queues_and_tables_are_ended_as_well(leaked: Leak, service: str) -> None:
    key, name = leaked.keys[1], "closed"
    until = {"expiry": NOW + WIDE, "start": NOW - HOUR}
    if service == "queue":
        options = {"credential": key, "api_version": "2025-11-05"}
        with QueueClient(leaked.azurite.url(leaked.account, "queue"), name, **options) as queue:
            queue.create_queue()
            held = {"leaky": QueuePolicy("rp", **until), "other": QueuePolicy("r", **until)}
            queue.set_queue_access_policy(held)
            token = generate_queue_sas(leaked.account, name, key, policy_id="leaky")
    else:
        known = AzureNamedKeyCredential(leaked.account, key)
        with TableServiceClient(leaked.azurite.url(leaked.account, "table"), credential=known) as tables:
            table = tables.create_table(name)
            table.set_table_access_policy(
                {each: TableAccessPolicy(permission="r", **until) for each in ("leaky", "other")}
            )
            token = generate_table_sas(known, name, policy_id="leaky")
    ids = leaked.report(first=f"https://{leaked.account}.{service}.core.windows.net/{name}?{token}")
    plan = leaked.plans(ids["first"])["no-downtime"]
    code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
    assert "<Id>other</Id>" in plan["steps"][0]["call"]["body"]
    leaked.assert_announced(plan)


def test_an_open_container_is_made_private_and_then_no_other_can_be_opened(leaked: Leak) -> None:
    with leaked.opened("opened") as ids:
        plan = leaked.plans(ids["first"])["no-downtime"]
        assert len(plan["steps"]) == 2
        code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
        assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
        assert leaked.plane.accounts[leaked.account].public_access is False
        leaked.assert_announced(plan)


def test_a_link_of_user_delegation_is_ended_by_revoking_the_keys_and_nobody_needs_to_list_keys(
    tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = company()
    switches = Switches(keys=lambda: (account.key1, account.key1), change=lambda _first, _second: None)
    with running(account) as fake, ControlPlane({ACCOUNT: switches}) as plane:
        account.owner = lambda value: plane.gave(value.removeprefix("Bearer "))
        plane.forbidden.add("listKeys")
        plane.after = lambda _: account.delegation_keys.clear()
        (tmp_path / "tidegate.toml").write_text(
            f'[scope]\nazure = ["{ACCOUNT}"]\n[endpoints]\nazure = "{fake.endpoints()}"\n'
            f'azure_management = "{plane.url}"\n[budget]\nrequests_per_second = 1000\n'
        )
        case = Leak(Azurite({}), plane, tmp_path, compiled, ACCOUNT, monkeypatch, capsys)
        credential = delegated_sas(account)
        assert credential.text is not None
        ids = case.report(first=credential.text.reveal())
        code, out, err = case.close(ids["first"])
        assert (code, "Azure revokes delegation keys all at once" in " ".join(out.split())) == (1, True), err
        plan = case.plans(ids["first"])["fast"]
        code, out, err = case.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
        assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
        assert switches.revoked == 1
        case.assert_announced(plan)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_change_of_a_key_the_next_run_looks_first(leaked: Leak, moment: str) -> None:
    link = wide(leaked)
    ids = leaked.report(first=link)
    plan = leaked.plans(ids["first"])["no-downtime"]
    agreed = (ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    with leaked.started(*agreed) as child:
        if moment == "before":  # the request is on its way, and lost with the process
            leaked.plane.faults.append(Fault("regenerateKey"))
        setattr(leaked.plane, moment, lambda _: child.kill())
        child.communicate(timeout=60)
        setattr(leaked.plane, moment, lambda _: None)
    assert child.returncode == -signal.SIGKILL
    assert leaked.answers(link) == (200 if moment == "before" else 403)

    code, out, err = leaked.close(ids["first"])
    assert f"Plan {plan['hash']} (no-downtime) was begun and broke off." in out, err
    code, out, err = leaked.close(*agreed)
    if moment == "before":
        assert (code, "it is not sent twice" in err) == (2, True), (out, err)
        code, out, err = leaked.close(*agreed, "--again")
    assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
    asked = [each for each in leaked.plane.requests if each.endswith("regenerateKey")]
    assert len(asked) == (2 if moment == "before" else 1)
    leaked.assert_announced(plan)


def test_killed_between_two_steps_the_next_run_does_the_second_alone(leaked: Leak) -> None:
    with leaked.opened("between") as ids:
        plan = leaked.plans(ids["first"])["no-downtime"]
        agreed = (ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
        with leaked.started(*agreed) as child:
            leaked.plane.faults.append(Fault("PATCH"))
            leaked.plane.before = lambda _: child.kill()
            child.communicate(timeout=60)
            leaked.plane.before = lambda _: None
        code, out, err = leaked.close(*agreed)
        assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
        assert "step 1 of 2, make the container between private: done before" in err
        assert [call.method for call in leaked.writes()].count("PUT") == 1
        leaked.assert_announced(plan)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (Fault("regenerateKey", done=True), 0, ""),
        (Fault("regenerateKey", 500, "InternalError", done=True), 0, ""),
        (Fault("regenerateKey", 503, "ServerBusy"), 2, "sent, no answer, and it does not show"),
        (
            Fault("regenerateKey", 403, "AuthorizationFailed"),
            4,
            "refused, nothing changed (403 AuthorizationFailed); it needs Microsoft.Storage/",
        ),
        (Fault("regenerateKey", 409, "ScopeLocked"), 2, "a lock or another change"),
        (Fault("regenerateKey", 429, "TooManyRequests"), 2, "wait a minute"),
    ],
)
def test_what_the_control_plane_does_wrong_leaves_a_known_state(
    leaked: Leak, fault: Fault, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.close.carry_out.LOOKS_AFTER_S", (0.0, 0.01))
    link = wide(leaked)
    ids = leaked.report(first=link)
    plan = leaked.plans(ids["first"])["no-downtime"]
    leaked.plane.faults.append(Fault(fault.action, fault.status, fault.code, done=fault.done))
    agreed = (ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    got, out, err = leaked.close(*agreed)
    assert (got, said in err) == (code, True), (out, err)
    assert sum(each.endswith("regenerateKey") for each in leaked.plane.requests) == 1
    if code == 0:
        assert leaked.answers(link) == 403
        return
    assert leaked.answers(link) == 200
    assert "nothing to prove yet" in leaked.close(ids["first"], "--prove")[2]
    again = ("--again",) if fault.status == 503 else ()
    assert leaked.close(*agreed, *again)[0] == 0
    assert leaked.answers(link) == 403


@pytest.mark.parametrize("action", ["GET", "listKeys", "regenerateKey"])
@pytest.mark.parametrize(
    "body",
    [b"{", b'{"keys": 5, "value": [{"name": 7}]}', b"\xff" * 70_000],
    ids=["cut", "numbers", "large"],
)
def test_an_answer_that_makes_no_sense_is_told_in_words(
    leaked: Leak, action: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.close.carry_out.LOOKS_AFTER_S", (0.0,))
    ids = leaked.report(first=wide(leaked))
    if action != "regenerateKey":
        leaked.plane.faults += [Fault(action, 200, body=body), Fault(action, 200, body=body)]
        code, out, err = leaked.close(ids["first"])
        assert (code, "not possible" in out) == (1, True), (out, err)
        return
    plan = leaked.plans(ids["first"])["no-downtime"]
    leaked.plane.faults.append(Fault(action, 200, done=True, body=body))
    code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)


def test_a_key_that_cannot_be_read_afterwards_is_not_taken_for_a_new_one(
    leaked: Leak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.close.carry_out.LOOKS_AFTER_S", (0.0,))
    ids = leaked.report(first=wide(leaked))
    plan = leaked.plans(ids["first"])["no-downtime"]
    leaked.plane.faults.append(Fault("regenerateKey", 429, "TooManyRequests"))
    agreed = (ids["first"], "--apply", "--yes", plan["hash"], "--prove-at", "0")
    assert leaked.close(*agreed)[0] == 2
    leaked.plane.before = lambda _: leaked.plane.forbidden.add("listKeys")
    code, out, err = leaked.close(*agreed)
    assert (code, "accepted, and does not show yet" in err) == (2, True), (out, err)
    code, out, err = leaked.close(*agreed)
    assert (code, "how it stands now cannot be read, so nothing was sent" in err) == (2, True), (out, err)
    leaked.plane.forbidden.clear()
    code, out, err = leaked.close(*agreed)
    assert (code, last(out)[:7]) == (0, "CLOSED:"), (out, err)
    assert sum(each.endswith("regenerateKey") for each in leaked.plane.requests) == 2


def test_a_change_by_somebody_else_stops_a_plan_before_anything_is_sent(leaked: Leak) -> None:
    ids = leaked.report(first=wide(leaked))
    plan = leaked.plans(ids["first"])["no-downtime"]
    leaked.plane.accounts[leaked.account].regenerate("key1")
    code, out, err = leaked.close(ids["first"], "--apply", "--yes", plan["hash"])
    assert (code, "no plan has this hash" in err) == (2, True), out
    assert not any(each.endswith("regenerateKey") for each in leaked.plane.requests)

    code, out, _ = leaked.close(ids["first"])
    assert (code, "none of the account's keys (key1, key2): replaced since" in out) == (1, True)
    code, out, _ = leaked.close(ids["first"], "--prove", "--prove-at", "0")
    assert (code, last(out)[:7]) == (0, "CLOSED:")


def test_a_plan_that_was_changed_on_disk_is_not_carried_out(
    leaked: Leak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.close.carry_out.LOOKS_AFTER_S", (0.0,))
    ids = leaked.report(first=wide(leaked))
    plan = leaked.plans(ids["first"])["no-downtime"]
    agreed = (ids["first"], "--apply", "--yes", plan["hash"])
    leaked.plane.faults.append(Fault("regenerateKey", 429, "TooManyRequests"))
    assert leaked.close(*agreed)[0] == 2
    (kept,) = (leaked.home / "state").rglob("plan.json")
    kept.write_text(kept.read_text().replace('"key1"', '"key2"'))
    code, _, err = leaked.close(*agreed)
    assert (code, "is not the plan that was agreed to" in err) == (2, True), err


def test_without_anybody_signed_in_it_says_what_is_missing_and_plans_what_a_key_can_do(leaked: Leak) -> None:
    ids = leaked.report(first=wide(leaked))
    leaked.environment = {
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", "AZURE_STORAGE_ACCOUNT": leaked.account,
        "AZURE_STORAGE_KEY": leaked.keys[0],
    }  # fmt: skip
    code, out, _ = leaked.close(ids["first"])
    text = " ".join(out.split())
    assert (code, "hash" in out) == (1, False)
    assert "the key in the environment of tgclosing" in text
    assert "nobody is signed in to Azure on this machine" in text


def test_the_credential_is_read_again_or_given_and_never_another_one(leaked: Leak, tmp_path: Path) -> None:
    link = wide(leaked)
    ids = leaked.report(first=link)
    (tmp_path / "work/first.md").write_text("cleaned\n")
    code, _, err = leaked.close(ids["first"])
    assert (code, "--credential-from" in err) == (2, True)
    (tmp_path / "other.txt").write_text(wide(leaked, 1))
    code, _, err = leaked.close(ids["first"], "--credential-from", tmp_path / "other.txt")
    assert (code, "holds no credential of this finding" in err) == (2, True)
    (tmp_path / "link.txt").write_text(link)
    assert leaked.close(ids["first"], "--credential-from", tmp_path / "link.txt")[0] == 1


def test_a_link_that_only_history_holds_is_read_from_there_and_no_path_leads_out_of_the_target(
    leaked: Leak, tmp_path: Path
) -> None:
    repo = repository(tmp_path / "repo", {"README.md": f"see {wide(leaked)}\n"})
    (repo / "README.md").write_text("moved\n")
    subprocess.run(
        ["git", "-c", "user.name=M", "-c", "user.email=m@example.invalid", "commit", "-qam", "x"],
        cwd=repo,
        check=True,
    )
    found = scan(str(repo), jobs=1, cache_dir=leaked.cache)
    (finding,) = found.findings
    assert read_again(finding, cache_dir=leaked.cache).secret is not None
    (tmp_path / "outside.md").write_text(f"see {wide(leaked)}\n")
    (tmp_path / "empty").mkdir()
    place = replace(finding.occurrences[0], target=str(tmp_path / "empty"), path="../outside.md")
    with pytest.raises(UsageError, match="does not stand any more"):
        read_again(replace(finding, occurrences=(place,)), cache_dir=leaked.cache)
    with pytest.raises(UsageError, match="is not here: elsewhere"):
        read_again(
            replace(finding, occurrences=(replace(place, target="elsewhere"),)), cache_dir=leaked.cache
        )


def test_on_a_terminal_it_asks_for_the_name_of_the_account(
    leaked: Leak, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    link = wide(leaked)
    ids = leaked.report(first=link)
    apply = (ids["first"], "--apply", "--way", "no-downtime", "--prove-at", "0")
    code, _, err = leaked.close(*apply)
    assert (code, "--yes" in err) == (2, True)
    for said, expected in (("yes\n", 2), (f"{leaked.account}\n", 0)):
        monkeypatch.setattr(sys, "stdin", Terminal(said))
        code, _, err = leaked.close(*apply)
        assert (code, "replace key1 of tgclosing" in err) == (expected, True), err
        assert leaked.answers(link) == (403 if expected == 0 else 200)


def test_a_clock_that_is_off_is_told_before_anything_else(leaked: Leak) -> None:
    class Yesterday(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(403)
            self.send_header("Date", "Wed, 25 Nov 2020 10:00:00 GMT")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    ids = leaked.report(first=wide(leaked))
    with HTTPServer(("127.0.0.1", 0), Yesterday) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        (leaked.home / "off.toml").write_text(
            f'[scope]\nazure = ["{leaked.account}"]\n[endpoints]\n'
            f'azure = "http://127.0.0.1:{server.server_address[1]}/{{account}}"\n'
        )
        code, _, err = leaked.close(ids["first"], "--scope", "off.toml")
        server.shutdown()
        thread.join()
    assert (code, "minutes ahead of the service's" in err) == (2, True), err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("tg-0000000000000000",), 2, "no finding"),
        (("{id}", "--scope", "none.toml"), 2, "no scope file"),
        (("{id}", "--scope", "other.toml"), 4, "not in scope"),
        (("{id}", "--scope", "half.toml"), 1, "no endpoint stands for the control plane of azure"),
        (("{id}", "--yes", "00"), 2, "--apply"),
        (("{id}", "--apply", "--yes", "../../etc"), 2, "no such finding or plan"),
        (("{id}", "--prove-at", "5m", "--prove"), 2, "begins with 0"),
    ],
)
def test_what_makes_no_sense_or_is_not_ours_is_refused(
    leaked: Leak, words: tuple[str, ...], code: int, said: str
) -> None:
    ids = leaked.report(first=wide(leaked))
    scope = (leaked.home / "tidegate.toml").read_text()
    (leaked.home / "other.toml").write_text(scope.replace(f'["{leaked.account}"]', '["tgelsewhere"]'))
    lines = [line for line in scope.splitlines() if not line.startswith("azure_management")]
    (leaked.home / "half.toml").write_text("\n".join(lines))
    got, out, err = leaked.close(*(word.format(id=ids["first"]) for word in words))
    assert (got, said in " ".join((out + err).split())) == (code, True), (out, err)
    assert not any("regenerateKey" in each for each in leaked.plane.requests)
