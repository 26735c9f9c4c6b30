"""Who may overwrite a model that others load, runs code on their machines: the incident of 2023."""

from __future__ import annotations

from tidegate.assess.paths._case import OVERWRITES, Case, basis, counted
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.place import Place

_PUBLIC = ("http://", "https://", "git@", "ssh://", "git://")


class ModelPoisoning:
    """A right to overwrite, and a model behind it."""

    id = "model-poisoning"
    order = 10

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the link to code on other machines."""
        models = case.kinds("model")
        if not models or not case.may(OVERWRITES):
            return None
        readme = next((each for each in case.places if _tells_readers(each)), None)
        who = (
            f"anyone who follows {readme.path} and loads the model"
            if readme is not None
            else "anyone who fetches a model through it and loads it"
        )
        certainty = case.certainty(OVERWRITES)
        public = any(each.target.startswith(_PUBLIC) for each in case.places)
        return AttackPath(
            id=self.id,
            title=f"{who} may run an attacker's code",
            steps=(
                case.entry(),
                AttackStep(
                    text="overwrites a model with one that runs code when it is loaded",
                    facts=counted(models),
                    certainty=basis(models, certainty),
                ),
                AttackStep(
                    text=f"{who} (torch.load and its like) runs the attacker's code",
                    facts=(f"{readme.path}, line {readme.line}, sends readers there",) if readme else (),
                    certainty="granted" if readme is not None and public else "possible",
                ),
            ),
        )


def _tells_readers(place: Place) -> bool:
    name = place.path.rsplit("/", 1)[-1].lower()
    return place.in_head is not False and name.startswith(("readme", "download", "install", "model_zoo"))


PLUGIN = ModelPoisoning()
