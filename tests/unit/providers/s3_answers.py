"""A net that leads nowhere: the real guard, and answers that are told beforehand."""

from __future__ import annotations

from tidegate.net.guard import Guard
from tidegate.net.message import Base, Request, Response
from tidegate.net.scope import Scope
from tidegate.providers.gcs.storage import STORAGE as GCS
from tidegate.providers.s3.storage import STORAGE


class Answers:
    """Checks every request as `Net` does, and answers what it was told to, by the beginning of the URL."""

    requests = bytes_read = 0

    def __init__(self, scope: Scope) -> None:
        self._guard = Guard(scope, {"s3": STORAGE.owner, "gcs": GCS.owner})
        self._scope = scope
        self.answers: dict[str, Response] = {}
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self._guard.check(request)
        self.sent.append(request)
        return next(
            (each for start, each in self.answers.items() if request.url.startswith(start)),
            refusal("AccessDenied"),
        )

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        return self._guard.base(provider, name, service, host, scheme)

    def named(self, provider: str) -> tuple[str, ...]:
        return self._scope.named(provider)

    @property
    def urls(self) -> list[str]:
        return [request.url.partition("?")[0] for request in self.sent]


def refusal(code: str, status: int = 403, message: str = "", **headers: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return Response(status=status, headers={n.replace("_", "-"): v for n, v in headers.items()}, body=body)
