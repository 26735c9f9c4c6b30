"""What the user owns or may test. Nothing else is ever contacted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tidegate.errors import ConfigError, OutOfScopeError
from tidegate.net.limits import Budget
from tidegate.net.names import PROVIDERS, checked_pattern, is_host_pattern, is_name, matches, of_provider
from tidegate.net.scope_file import checked_endpoints, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the scope file says; made by `load` or, by hand, by `of`."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """provider -> accounts, buckets, key ids, hosts; `*` stands for any characters."""
    endpoints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """provider -> service -> address that stands for it, with `{account}` and `{service}` to be replaced."""
    ca: Path | None = None
    """A certificate authority (PEM) to be trusted beside the system's."""
    budget: Budget = field(default_factory=Budget)
    file: str = "tidegate.toml"
    """Where hints say to write what is missing."""

    @classmethod
    def load(cls, path: Path) -> Scope:
        """Read a scope file. Raises `ConfigError`, naming file and key, for anything not understood."""
        return cls(**read(path), file=str(path))

    @classmethod
    def of(
        cls,
        *,
        azure: Iterable[str] = (),
        s3: Iterable[str] = (),
        gcs: Iterable[str] = (),
        endpoints: Mapping[str, str | Mapping[str, str]] | None = None,
        ca: Path | None = None,
        budget: Budget | None = None,
    ) -> Scope:
        """Put a scope together. An endpoint given as a text stands for all of the provider's services.

        Raises `ConfigError` for a pattern that can name nothing, or an endpoint that is no address.
        """
        given = {"azure": azure, "s3": s3, "gcs": gcs}
        names = {provider: tuple(map(checked_pattern, patterns)) for provider, patterns in given.items()}
        return cls(
            names={provider: patterns for provider, patterns in names.items() if patterns},
            endpoints=checked_endpoints(endpoints or {}, "endpoints"),
            ca=ca,
            budget=budget or Budget(),
        )

    def with_names(self, names: Iterable[str]) -> Scope:
        """Add what `--scope-account` was given: `NAME` for every provider, or `azure:NAME` for one; exact.

        Raises `ConfigError`.
        """
        more = {provider: list(self.names.get(provider, ())) for provider in PROVIDERS}
        for text in names:
            provider, colon, name = text.partition(":")
            if not colon:
                provider, name = "", text
            elif provider not in PROVIDERS:
                raise ConfigError(
                    f"{provider!r} is no provider",
                    hint=f"Write one of {', '.join(PROVIDERS)} before the colon.",
                )
            if "*" in name:
                raise ConfigError(
                    f"{name!r} names more than one account", hint=f"Wildcards belong into {self.file}."
                )
            for one in [provider] if provider else PROVIDERS:
                if checked_pattern(name) not in more[one]:
                    more[one].append(name)
        return replace(
            self, names={provider: tuple(patterns) for provider, patterns in more.items() if patterns}
        )

    def allows(self, provider: str, name: str, host: str = "") -> bool:
        """Tell whether the scope names the account, bucket or key id; or the host, by an entry with a dot."""
        provider = of_provider(provider)
        patterns = self.names.get(provider, ())
        # Names of accounts have no capitals; those of buckets and keys may differ by them.
        fold = provider == "azure"
        named = is_name(name) and any(matches(p, name, fold=fold) for p in patterns)
        return named or self.names_host(provider, host)

    def names_host(self, provider: str, host: str) -> bool:
        """Tell whether an entry with a dot names this host: a custom domain, of which all is in scope."""
        patterns = filter(is_host_pattern, self.names.get(of_provider(provider), ()))
        return any(matches(pattern, host, fold=True) for pattern in patterns)

    def named(self, provider: str) -> tuple[str, ...]:
        """Return the names that stand in the scope without a wildcard."""
        return tuple(p for p in self.names.get(provider, ()) if "*" not in p)

    def endpoint(self, provider: str, name: str, service: str) -> str | None:
        """Return the address that stands for a service, no slash at its end; `None`: the service itself.

        Raises `OutOfScopeError` when the provider has endpoints, but none for this service.
        """
        by_service = self.endpoints.get(provider)
        if not by_service:
            if self.endpoints.get(
                of_provider(provider)
            ):  # an emulator's keys are not those of the real cloud
                raise OutOfScopeError(
                    f"no endpoint stands for the control plane of {of_provider(provider)}",
                    hint=f'Under [endpoints] of {self.file}, write {provider} = "https://…".',
                )
            return None
        template = by_service.get(service)
        if template is None:
            raise OutOfScopeError(
                f"no endpoint stands for the {service} service of {provider}",
                hint=f'Under [endpoints] of {self.file}, give {provider} a table with {service} = "http://…".',
            )
        return template.replace("{account}", name).replace("{service}", service)

    def line_for(self, provider: str, name: str) -> str:
        """Return what to write to bring a name into scope; empty for a name that no pattern can hold."""
        if not is_name(name):
            return ""
        provider = of_provider(provider)
        entries = json.dumps([*self.names.get(provider, ()), name])
        return f"If you own it or may test it, write under [scope] in {self.file}: {provider} = {entries}"

    @property
    def id(self) -> str:
        """Eight hex digits that tell our requests in a log; the same for the same names."""
        text = json.dumps([sorted((k, sorted(v)) for k, v in self.names.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:8]
