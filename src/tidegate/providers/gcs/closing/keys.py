"""Ending a key: an HMAC key, or a service account's key file; or the one that signed a link.

Sources: cloud.google.com/iam/docs/keys-disable-enable, …/storage/docs/authentication/managing-hmackeys.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from tidegate.errors import NoAnswerError, NotDoneError, RefusedError, UsageError
from tidegate.model.closing import Call, Case, Known, Plan, Step, Study, Way
from tidegate.net.message import Sends, Writes
from tidegate.providers.gcs.closing.base import GcsCloser
from tidegate.providers.gcs.closing.sdk import IAM_HOST, MANAGEMENT, Sdk, Storage, age
from tidegate.providers.gcs.closing.signer import signed_by
from tidegate.providers.gcs.keys import key_file_fields
from tidegate.providers.gcs.link_api import link_api

DISABLE, DELETE = "disable-key", "delete-key"
"""Ids of steps."""
ENABLED, DISABLED, GONE = "enabled", "disabled", "there is no such key"
MOST_KEYS: Final = 100
"""Keys of one service account; Google allows ten that users manage."""

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{4,128}")
_PROJECT = re.compile(r"[a-z0-9:.-]{1,100}")


class Key(GcsCloser):
    """A key with two steps: switch off, delete."""

    noun = "key"
    signer = ""
    """Key id or service account, as links name it."""

    def plans(
        self,
        *,
        name: str,
        state: str,
        calls: tuple[Call, Call],
        permissions: tuple[str, str],
        undo: str,
        first: Sequence[str],
        spares: Sequence[str],
    ) -> tuple[Plan, ...]:
        """Return the fast plan and the one without downtime. calls, permissions: to switch off, to delete."""
        hang = self.hang()
        steps: list[Step] = []
        if state == ENABLED:
            steps.append(
                Step(
                    id=DISABLE,
                    does=f"switch off the {self.noun} {name}",
                    why="a key that is off is refused, and so is every link that it signed",
                    call=calls[0],
                    permission=permissions[0],
                    breaks=(
                        "whatever uses this key: Policy Analyzer and the audit logs tell when it last was",
                        "every link that it signed; Google keeps no list of them",
                        *(f"{each.id}: {each.words}" for each in hang),
                    ),
                    undo=undo,
                    before=ENABLED,
                    after=DISABLED,
                    repeatable=True,
                )
            )
        delete = Step(
            id=DELETE,
            does=f"delete the {self.noun} {name}",
            why="a key that is off can be switched on again, by mistake or by whoever gets in",
            call=calls[1],
            permission=permissions[1],
            before=DISABLED,
            after=GONE,
            repeatable=True,
        )
        common: dict[str, Any] = {
            "finding": self.case.finding,
            "provider": "gcs",
            "account": name,
            "spares": tuple(spares),
        }
        again = f"make anew with the new key: {', '.join(each.id for each in hang)}"
        before = (*first, *((again,) if hang else ())) if steps else ()
        fast = (Plan(way=Way.FAST, steps=tuple(steps), **common),) if steps else ()
        return (*fast, Plan(way=Way.NO_DOWNTIME, steps=(*steps, delete), first=before, **common))

    def hang(self) -> list[Known]:
        """Return what is known to hang on the same key."""
        return [
            each
            for each in self.case.known
            if self.signer
            in (each.signer, each.account, *(v.partition("/")[0] for v in each.parameters.values()))
        ]


class HmacKey(Key):
    """An HMAC key of a service account, or a link that one signed."""

    noun = "HMAC key"

    def __init__(self, case: Case, net: Sends, writer: Writes, key_id: str) -> None:
        super().__init__(case, net, writer)
        self.signer = self.key_id = key_id
        self._made: Storage | None = None

    def _storage(self) -> Storage:
        if self._made is None:
            self._made = self.sdk().storage(MANAGEMENT, self.key_id)
        return self._made

    def _project(self) -> str:
        """Return the project that the key is managed in. Raises `UsageError`."""
        told = (self.case.credential.context.get("project"), self.grant.account, self.sdk().project)
        found = next((each for each in told if each and _PROJECT.fullmatch(each)), "")
        if not found:
            raise UsageError(
                "it is not known which project the HMAC key belongs to",
                hint="Set GOOGLE_CLOUD_PROJECT to it.",
            )
        return found

    def _metadata(self) -> Any:
        from google.cloud.storage.hmac_key import HMACKeyMetadata  # noqa: PLC0415

        return HMACKeyMetadata(self._storage().client, access_id=self.key_id, project_id=self._project())

    def _look(self) -> tuple[str, Any]:
        """Return the state, and Google's object of it."""
        metadata = self._metadata()

        def look() -> str:
            metadata.reload(retry=None)
            return {"ACTIVE": ENABLED, "INACTIVE": DISABLED}[metadata.state]

        try:
            return self._storage().ask("look at the HMAC key", look), metadata
        except RefusedError as why:
            if why.status == 404:
                return GONE, metadata
            raise

    def study(self) -> Study:
        state, metadata = self._look()
        told = [("key", self.key_id), ("state", state)]
        if state == GONE:
            words = f"the project {self._project()} has no such HMAC key: it is deleted, or another project's"
            return Study(facts=tuple(told), plans=(), missing=(words,))
        email = str(metadata.service_account_email or "")
        told.append(("account", email))
        made = age(metadata._properties.get("timeCreated"), self.case.now)
        told += [("age", made)] if made else []
        project = self._project()

        def switch() -> None:
            metadata.state = "INACTIVE"
            metadata.update(retry=None)

        storage = self._storage()
        off = storage.plan(switch)
        metadata._properties["state"] = "INACTIVE"  # the library deletes only what is off
        away = storage.plan(lambda: metadata.delete(retry=None))
        create = f"gcloud storage hmac create {email} --project={project}"
        plans = self.plans(
            name=self.key_id,
            state=state,
            calls=(off, away),
            permissions=("storage.hmacKeys.update", "storage.hmacKeys.delete"),
            undo=f"gcloud storage hmac update {self.key_id} --activate --project={project}",
            first=(f"make a second HMAC key ({create}) and give it to what uses {self.key_id}",),
            spares=("the account's other HMAC keys and its key files, and what they signed",),
        )
        told.append(("note", "it takes up to three minutes until every place of Google's refuses it"))
        if state == DISABLED:
            told.append(("note", "it is switched off already; what is left is to delete it"))
        return Study(facts=tuple(told), plans=plans)

    def state(self, step: Step) -> str:  # noqa: ARG002
        return self._look()[0]

    def do(self, step: Step) -> None:
        if not urlsplit(step.call.url).path.endswith(f"/hmacKeys/{self.key_id}"):
            raise NotDoneError("the step names another key than the one that leaked")
        self._storage().send(step.call, step.does)


class ServiceKey(Key):
    """A service account's key file, or a link that such a key signed."""

    noun = "service account key"

    def __init__(self, case: Case, net: Sends, writer: Writes, email: str) -> None:
        super().__init__(case, net, writer)
        self.signer = self.email = email
        text = case.credential.text
        fields = key_file_fields(text.reveal()) if text is not None else {}
        told = (
            self.grant.facts.get("private_key_id"),
            fields.get("private_key_id"),
            case.credential.context.get("private_key_id"),
        )
        self.key_id = next((each for each in told if each and _KEY_ID.fullmatch(each)), "")

    def sdk(self) -> Sdk:
        found = super().sdk()
        if found.email == self.email and self.key_id and found.key_id == self.key_id:
            raise UsageError(
                "the credentials found for the owner are the leaked key itself",
                hint="Sign in as somebody else who may change it: a key cannot prove its own end.",
            )
        return found

    def _path(self, key_id: str = "") -> str:
        account = f"/v1/projects/-/serviceAccounts/{quote(self.email, safe='@')}/keys"
        return f"{account}/{key_id}" if key_id else account

    def _get(self, path: str, asked: str) -> dict[str, Any]:
        return self.sdk().get(MANAGEMENT, self.email, IAM_HOST, path, asked)

    def _listed(self) -> list[dict[str, Any]]:
        """Return the account's keys that users manage, as IAM tells them."""
        told = self._get(f"{self._path()}?keyTypes=USER_MANAGED", "list the keys of the service account")
        keys = told.get("keys", [])
        return [each for each in keys if isinstance(each, dict)][:MOST_KEYS] if isinstance(keys, list) else []

    def study(self) -> Study:
        told = [("account", self.email)]
        try:
            listed = self._listed()
        except RefusedError as why:
            if why.status == 404:
                words = "there is no such service account: it is deleted, and every key of it is dead"
                return Study(facts=tuple(told), plans=(), missing=(words,))
            raise RefusedError(
                str(why),
                status=why.status,
                code=why.code,
                hint=why.hint or "The owner needs iam.serviceAccountKeys.list and .get.",
            ) from None
        by_id = {str(each.get("name", "")).rpartition("/")[2]: each for each in listed}
        if not self.key_id:
            self.key_id = self._signer(by_id) or ""
            if not self.key_id:
                words = (
                    "none of the account's keys signed this link: the key is deleted, or Google holds it "
                    "itself (signBlob); then only disabling the account, or taking its roles, ends the link"
                )
                return Study(facts=tuple(told), plans=(), missing=(words,))
            told.append(("signed by", f"the key {self.key_id}, as its public key says"))
        self.sdk()  # once more: now the key is known
        if self.key_id not in by_id:
            words = "the service account has no such key: it is deleted"
            return Study(facts=(*told, ("key", self.key_id)), plans=(), missing=(words,))
        found = by_id[self.key_id]
        state = DISABLED if found.get("disabled") else ENABLED
        told += [("key", self.key_id), ("state", state)]
        made = age(found.get("validAfterTime"), self.case.now)
        told += [("age", made)] if made else []
        others = [name for name in by_id if name != self.key_id]
        base = self.sdk().base(MANAGEMENT, self.email, IAM_HOST).url
        where = f"{base}{self._path(self.key_id)}"
        body = (("content-type", "application/json"),)
        plans = self.plans(
            name=f"{self.key_id} of {self.email}",
            state=state,
            calls=(
                Call(method="POST", url=f"{where}:disable", body="{}", headers=body),
                Call(method="DELETE", url=where),
            ),
            permissions=("iam.serviceAccountKeys.disable", "iam.serviceAccountKeys.delete"),
            undo=f"gcloud iam service-accounts keys enable {self.key_id} --iam-account={self.email}",
            first=(
                "make a second key, or better a way without keys (workload identity), and give it to what "
                f"uses this one: gcloud iam service-accounts keys create FILE --iam-account={self.email}",
            ),
            spares=(
                *(f"the account's other key {each}" for each in others),
                "what signs in as the account without a key file",
            ),
        )
        told.append(("note", "tokens that the key got before live on for up to an hour"))
        if state == DISABLED:
            told.append(("note", "it is switched off already; what is left is to delete it"))
        return Study(facts=tuple(told), plans=plans)

    def _signer(self, keys: Mapping[str, Mapping[str, Any]]) -> str | None:
        """Return which of the keys signed the link."""
        link = link_api(self.case.credential, self._net)
        if link is None:
            return None
        certificates: dict[str, bytes] = {}
        for key_id in keys:
            if not _KEY_ID.fullmatch(key_id):
                continue
            told = self._get(
                f"{self._path(key_id)}?publicKeyType=TYPE_X509_PEM_FILE", "read the public part of a key"
            )
            try:
                certificates[key_id] = base64.b64decode(str(told.get("publicKeyData", "")), validate=True)
            except binascii.Error:
                continue
        return signed_by(link, certificates)

    def state(self, step: Step) -> str:
        key_id = self._of(step)
        try:
            found = self._get(self._path(key_id), "look at the key")
        except RefusedError as why:
            if why.status == 404:
                return GONE
            raise
        return DISABLED if found.get("disabled") else ENABLED

    def do(self, step: Step) -> None:
        if self.key_id and self._of(step) != self.key_id:
            raise NotDoneError("the step names another key than the one that leaked")
        self.sdk().send(step.call, MANAGEMENT, self.email, IAM_HOST, step.does)

    def _of(self, step: Step) -> str:
        """Return the key that a step is about. Raises `NoAnswerError` for one of another account."""
        path = urlsplit(step.call.url).path
        found = path.rpartition("/")[2].partition(":")[0]
        if not path.startswith(self._path()) or not _KEY_ID.fullmatch(found):
            raise NoAnswerError("the step is about another service account")
        return found
