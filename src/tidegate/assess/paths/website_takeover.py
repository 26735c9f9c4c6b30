"""Who may overwrite the files of a website or a download server, speaks to its visitors in its name."""

from __future__ import annotations

from tidegate.assess.paths._case import OVERWRITES, Case, basis, counted
from tidegate.model.attack import AttackPath, AttackStep

_SITES = ("$web", "www", "cdn", "static", "assets", "downloads")


class WebsiteTakeover:
    """A right to overwrite, and what visitors or customers are served."""

    id = "website-takeover"
    order = 20

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the link to visitors' machines."""
        served = case.kinds("program")
        container = case.grant.container or ""
        site = container == "$web" or any(each in container.lower().split("-") for each in _SITES)
        pages = [each for each in served if each.kind == "website"]
        if not case.may(OVERWRITES) or not (site or pages):
            return None
        where = f"the container {container}" if site else "pages of a website"
        return AttackPath(
            id=self.id,
            title=f"visitors can be served an attacker's pages and programs from {where}",
            steps=(
                case.entry(),
                AttackStep(
                    text="overwrites a script or a program that the site serves",
                    facts=counted(served),
                    certainty=basis(served, case.certainty(OVERWRITES)),
                ),
                AttackStep(text="visitors run it, trusting the site's name", certainty="possible"),
            ),
        )


PLUGIN = WebsiteTakeover()
