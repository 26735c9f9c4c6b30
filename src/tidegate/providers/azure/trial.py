"""Asking with one credential, step by step, with controls beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.errors import NoAnswerError, OutOfScopeError, RequestError
from tidegate.model.grant import Grant, Permission, Scope
from tidegate.model.reach import Answer, State
from tidegate.providers.azure.ask import Ask, Client, Reply
from tidegate.providers.azure.codes import OPEN_TO_NOBODY, Verdict
from tidegate.providers.azure.plan import Brought, Step, plan

_NOT_REFUSED = (416,)
"""An empty object has no first byte: the service says so only to who may read it."""

_NEEDS_MORE = ("sduoid", "srh", "srq")
"""With these the signature works only together with something we do not have: a sign-in, other values."""


@dataclass(slots=True)
class Trial:
    """One probe under way."""

    grant: Grant
    client: Client
    answers: list[Answer] = field(default_factory=list)
    proved: set[Permission] = field(default_factory=set)
    tried: set[Permission] = field(default_factory=set)
    control: Reply | None = None
    """What the service says to anyone about the first thing that was asked."""
    judged: list[tuple[Verdict, Reply]] = field(default_factory=list)
    """The refusals of the credential, in order."""
    closed: str = ""
    """Why it is dead, once that is settled."""
    note: str = ""
    """What the controls say beside it."""
    alive: str = ""
    """What was answered although no right names it: the signature is accepted."""
    silence: str = ""
    """Why nothing came back, the first time."""
    service: str = ""
    """The one that is being asked."""

    def run(self) -> None:
        """Ask all the services the grant names, until the credential is known to be dead.

        Raises `OutOfScopeError` when none may be asked, `BudgetError`.
        """
        outside: list[tuple[str, OutOfScopeError]] = []
        for service in self.grant.services or ("blob",):
            self.service = service
            try:
                if self._service(service):
                    break
            except OutOfScopeError as error:  # of this service alone: it has no endpoint in the scope
                outside.append((service, error))
        if outside and not self.answers:
            raise outside[0][1]
        for service, why in outside:
            self.service = service
            self._unanswered(f"ask the {service} service", None, why)

    def _service(self, service: str) -> bool:
        """Take the steps of one service; tell whether the credential is known to be dead."""
        steps = plan(service, self.grant.matrix.get(service, ()), self.grant, self.client.access)
        step = next(steps, None)
        while step is not None:
            if not self._control(step.ask):
                return False
            sent_back, dead = self._take(step)
            if dead:
                return True
            try:
                step = steps.send(sent_back)
            except StopIteration:
                return False
        return False

    def _control(self, ask: Ask) -> bool:
        """Ask as anyone, once; tell whether there is a service at all."""
        if self.client.access.anonymous or self.control is not None:
            return True
        try:
            reply = self.client.as_anyone().ask(ask)
        except NoAnswerError as error:
            self._silent(f"{ask.words}, as anyone", None, error)
            return False
        self.control = reply
        state = State.OPEN if reply.answered else State.UNKNOWN
        words = "it is open to anyone" if reply.answered else reply.verdict.words
        self._record(f"{ask.words}, as anyone", None, state, reply, words)
        return True

    def _take(self, step: Step) -> tuple[Brought, bool]:
        """Take one step; return what it brought for the plan, and whether the credential is dead."""
        if step.permission is not None:
            self.tried.add(step.permission)
        first = not self.proved and not self.judged
        try:
            reply = self.client.ask(step.ask)
            if reply.answered or reply.response.status in _NOT_REFUSED:
                brought = step.read(reply.response)
                self._prove(step, reply)
                if first:
                    self._is_it_the_credential(step.ask)
                return Brought(value=brought), False
        except NoAnswerError as error:
            self._silent(step.ask.words, step.permission, error)
            return Brought(), False
        verdict = self._verdict(reply)
        self._record(step.ask.words, step.permission, verdict.state, reply, verdict.words)
        self.judged.append((verdict, reply))
        if not self.proved and (verdict.state is State.CLOSED or reply.response.status >= 500):
            return Brought(code=reply.code), self._settle(step.ask, verdict, reply)
        return Brought(code=reply.code), False

    def _prove(self, step: Step, reply: Reply) -> None:
        if step.permission is not None:
            self.proved.add(step.permission)
            self._record(step.ask.words, step.permission, State.OPEN, reply, "answered")
            return
        self.alive = (
            self.alive
            or f"the signature is accepted (it may {step.ask.words}), but shows no right to list or read"
        )
        self._record(step.ask.words, None, State.UNKNOWN, reply, "answered, which proves no right it names")

    def _verdict(self, reply: Reply) -> Verdict:
        verdict = reply.verdict
        if verdict is OPEN_TO_NOBODY and self.client.access.anonymous:
            return self._refused_to_anyone()
        more = any(name in self.client.access.token for name in _NEEDS_MORE)
        if more and verdict.state is State.CLOSED and not verdict.certain:
            return Verdict(
                State.UNKNOWN, "it only works with a sign-in or values that were not there to be sent"
            )
        return verdict

    def _refused_to_anyone(self) -> Verdict:
        """Call an object closed; a container that is not listed may still give out its blobs."""
        if self.grant.scope is Scope.OBJECT:
            return OPEN_TO_NOBODY._replace(state=State.CLOSED, certain=True)
        return Verdict(State.UNKNOWN, "not listed to anyone; a blob may still be read by who knows its name")

    def _is_it_the_credential(self, ask: Ask) -> None:
        """Where anyone may ask, see whether the service looks at the credential at all."""
        if self.control is None or not self.control.answered:
            return
        copy = self._altered(ask)
        if copy is not None and copy.answered:
            self.note = "anyone may do this, and the service does not look at the credential: it may be dead"
        else:
            self.note = "anyone may do this without it, too: ending it closes nothing"

    def _settle(self, ask: Ask, verdict: Verdict, reply: Reply) -> bool:
        """Tell a refusal from an outage; return whether the credential is dead."""
        if verdict.certain and verdict.state is State.CLOSED:
            self.closed = with_code(verdict.words, reply)
            return True
        if self.client.access.anonymous:
            return False
        copy = self._altered(ask)
        if copy is None:
            return False
        if verdict.state is State.CLOSED and _alike(copy, reply):
            self.closed = with_code(verdict.words, reply)
            return True
        if verdict.state is State.CLOSED:
            self.note = "an altered copy is answered differently, so that the refusal may be an outage"
        elif copy.verdict.state is State.CLOSED:
            self.note = "an altered copy is refused, so that its signature seems to be accepted"
        return False

    def _altered(self, ask: Ask) -> Reply | None:
        words = f"{ask.words}, with an altered signature"
        try:
            reply = self.client.altered().ask(ask)
        except NoAnswerError as error:
            self._silent(words, None, error)
            return None
        state = State.OPEN if reply.answered else State.UNKNOWN
        self._record(words, None, state, reply, "answered" if reply.answered else reply.verdict.words)
        return reply

    def _record(
        self, asked: str, permission: Permission | None, state: State, reply: Reply, words: str
    ) -> None:
        self.answers.append(
            Answer(
                asked=asked,
                permission=permission,
                state=state,
                status=reply.response.status,
                code=reply.code,
                words=words,
                service=self.service,
            )
        )

    def _silent(self, asked: str, permission: Permission | None, error: NoAnswerError) -> None:
        self.silence = self.silence or str(error)
        self._unanswered(asked, permission, error)

    def _unanswered(self, asked: str, permission: Permission | None, error: RequestError) -> None:
        self.answers.append(
            Answer(
                asked=asked,
                permission=permission,
                state=State.UNKNOWN,
                status=None,
                code="",
                words=str(error),
                service=self.service,
            )
        )


def with_code(words: str, reply: Reply) -> str:
    """Return the words and what the service called it."""
    return f"{words} ({reply.code or reply.response.status})"


def _alike(one: Reply, other: Reply) -> bool:
    return one.response.status == other.response.status and one.code == other.code
