"""An archive of somebody's home folder, told by the names that only homes have together."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_HOME: Final = re.compile(
    r"(?P<home>(?:.{0,200}?(?:\A|/)(?:home|Users|Documents and Settings)/[^/]{1,100}/|(?:.{0,200}?(?:\A|/))root/|(?:\./)?|[^/]{1,100}/))"  # noqa: E501
    r"(?:(?P<own>\.(?:bash|zsh|python|psql|mysql|node_repl)_history|\.ssh/|\.gnupg/|\.aws/|\.kube/|\.mozilla/|\.thunderbird/|\.config/|\.local/share/"
    r"|\.profile\Z|\.bashrc\Z|\.bash_profile\Z|\.zshrc\Z|\.gitconfig\Z|\.netrc\Z|\.Xauthority\Z|\.viminfo\Z|NTUSER\.DAT|AppData/Roaming/|AppData/Local/"
    r"|Application Data/|Library/(?:Preferences|Keychains|Mail|Messages|Application Support)/)"
    r"|(?P<folder>(?:Documents|Desktop|Downloads|Pictures|Videos|Movies|Music|Favorites|My Documents|OneDrive[^/]{0,60}|Dokumente|Bilder|Schreibtisch)/))",  # noqa: E501
    re.IGNORECASE,
)
_NOBODY: Final = re.compile(
    r"(?:\A|/)(?:Users/(?:Public|Default|All Users|Shared)|etc/skel)/\Z", re.IGNORECASE
)
_LIMIT: Final = 200_000
"""Names that are looked at."""


class HomeBackup:
    """Its members are judged as in any archive; this says what they are together."""

    id = "home_backup"
    order = 90
    holds_items = True

    def fits(self, archive: Archive) -> bool:
        """Tell it by one home with what its owner's programs keep, and the folders that he does."""
        return bool(_homes(archive))

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Say how many homes there are."""
        del context
        homes = _homes(archive)
        files = sum(each.name.startswith(tuple(homes)) for each in archive.members)
        count = len(homes)
        words = (
            f"backup of {'a home folder' if count == 1 else f'{count:,} home folders'}: {files:,} files in it"
        )
        note = Observation(
            inspector=self.id,
            kind="home_backup",
            severity=kind("home_backup").severity,
            summary=words,
            step=Step.SAMPLE,
            numbers={"users": count, "files": files},
        )
        return Laid(Judgement("home_backup", model=False, observations=[note]))


def _homes(archive: Archive) -> set[str]:
    own: defaultdict[str, set[str]] = defaultdict(set)
    folders: defaultdict[str, set[str]] = defaultdict(set)
    for each in archive.members[:_LIMIT]:
        found = _HOME.match(each.name)
        if found is None or _NOBODY.search(found["home"]):
            continue
        if found["own"]:
            own[found["home"]].add(found["own"].lower())
        else:
            folders[found["home"]].add(found["folder"].lower())
    # A repository has a `.gitconfig` or a folder `Documents`; it has no history of a shell beside both.
    return {home for home, signs in own.items() if len(signs) >= 2 and len(signs) + len(folders[home]) >= 4}


PLUGIN = HomeBackup()
