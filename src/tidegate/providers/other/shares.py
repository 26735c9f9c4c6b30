"""Links by which people share files: whoever holds one may get in, if its settings say so.

The settings are not in the link: what it opens and for whom is unknown until the service is asked.
"""

from __future__ import annotations

import re

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._link import MASK, Link
from tidegate.providers._seal import facts_of
from tidegate.providers.other.revocation import REVOCATIONS
from tidegate.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One shape of link."""

    service: str
    host: str
    """An expression for the whole host."""
    path: str
    """One for the beginning of the path."""
    scope: Scope
    writes: bool = False
    """It asks for uploads, or opens an editor."""


def _form(service: str, host: str, path: str, scope: Scope, *, writes: bool = False) -> _Form:
    return _Form(service=service, host=host, path=path, scope=scope, writes=writes)


_ONE, _MANY, _ANY = Scope.OBJECT, Scope.DIRECTORY, Scope.UNKNOWN
_SHAREPOINT = r"[a-z0-9-]+\.sharepoint\.(com|cn|us|de)"
_DROPBOX = r"(www\.|dl\.)?dropbox(usercontent)?\.com"
_BOX = r"([a-z0-9-]+\.)*box\.com"

FORMS: tuple[_Form, ...] = (
    _form("Google Drive", r"drive\.google\.com", r"(drive/.*)?folders/|folderview|embeddedfolderview", _MANY),
    _form("Google Drive", r"drive\.google\.com|drive\.usercontent\.google\.com", r"", _ONE),
    _form(
        "Google Docs",
        r"docs\.google\.com",
        r"(document|spreadsheets|presentation|forms)/.*/edit",
        _ONE,
        writes=True,
    ),
    _form("Google Docs", r"docs\.google\.com", r"", _ONE),
    _form("OneDrive", r"1drv\.ms", r"f/", _MANY),
    _form("OneDrive", r"1drv\.ms", r"[a-z]/", _ONE),
    _form(
        "OneDrive",
        r"1drv\.ms|onedrive\.live\.com|api\.onedrive\.com|my\.microsoftpersonalcontent\.com",
        r"",
        _ANY,
    ),
    _form("SharePoint", _SHAREPOINT, r":f:/", _MANY),
    _form("SharePoint", _SHAREPOINT, r":[a-z]:/", _ONE),
    _form("SharePoint", _SHAREPOINT, r"", _ANY),
    _form("Dropbox", _DROPBOX, r"request/", _MANY, writes=True),
    _form("Dropbox", _DROPBOX, r"(sh|scl/fo)/", _MANY),
    _form("Dropbox", _DROPBOX, r"", _ONE),
    _form("Box", _BOX, r"(.*/)?(folder|f)/", _MANY),
    _form("Box", _BOX, r"", _ANY),
    _form("iCloud Drive", r"(www\.)?icloud\.com", r"iclouddrive/", _ANY),
    _form("MEGA", r"mega(\.co)?\.nz", r"folder/", _MANY),
    _form("MEGA", r"mega(\.co)?\.nz", r"", _ONE),
    _form("WeTransfer", r"we\.tl|(www\.)?wetransfer\.com", r"", _MANY),
    _form("Yandex Disk", r"disk\.yandex\.[a-z.]+|yadi\.sk", r"", _ANY),
    _form("Baidu Pan", r"pan\.baidu\.com", r"", _ANY),
    _form("pCloud", r"[a-z0-9.]*pcloud\.(link|com)", r"", _ANY),
)
_SURVEY = re.compile(r"docs\.google\.com/forms/(?!.*/edit).*")
"""Shown to be filled in: what stands behind it is not opened by the link. Its editor's link does."""
_ELSEWHERE = _form("file sharing", r".*", r"", _ANY)


def share_link(link: Link) -> Grant | None:
    """Return the grant of a share link, or `None` when the text names no host, or nothing that is stored."""
    if not link.host or _SURVEY.fullmatch(f"{link.host}/{link.path}"):
        return None
    form = _form_of(link)
    rights = (Permission.READ, *((Permission.LIST,) if form.scope is not _ONE else ()))
    if form.writes:
        rights = (*rights, Permission.WRITE)
    return Grant(
        provider="other",
        kind="share_link",
        endpoint=link.endpoint,
        scope=form.scope,
        services=(form.service,),
        permissions=rights,
        matrix={form.service: rights},
        protocols=("https",),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["share_link"],
        facts=facts_of({"service": form.service}),
        warnings=("whether everybody with the link gets in, and may change things, is held by the service",),
    )


def shown_path(link: Link) -> str:
    """Return the path with its long parts masked: the id in it is what lets one in."""
    return "/".join(part if len(part) < 8 else MASK for part in link.segments)


def _form_of(link: Link) -> _Form:
    # Compiled when first needed, and kept by `re`: together they take 2 ms, and most scans meet none.
    host, path = link.host, link.path
    fit = (form for form in FORMS if re.fullmatch(form.host, host) and re.match(form.path, path))
    return next(fit, _ELSEWHERE)
