"""A service that gives prepared answers, whatever it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.errors import NoAnswerError
from tidegate.net.message import Base, Request, Response

SERVICE = {"x-ms-request-id": "1", "server": "Windows-Azure-Blob/1.0"}


def answer(status: int = 200, body: bytes = b"", code: str = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if code:
        named["x-ms-error-code"] = code
    return Response(status=status, headers=SERVICE | named, body=body)


@dataclass
class PlainSends:
    """Answers in turn; the last one again and again. A text is what keeps an answer away."""

    answers: list[Response | str]
    requests: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        following = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(following, str):
            raise NoAnswerError(following)
        return following

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        assert (provider, bool(name), bool(service)) == ("azure", True, True)
        return Base(f"{scheme}://{host}")

    def named(self, provider: str) -> tuple[str, ...]:
        return ()
