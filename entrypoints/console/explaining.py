"""A decision explained in sentences."""

from application.ports.contacts import DecisionView
from domain.decision import Decision
from domain.picker import CONTACT, ROLLS
from entrypoints.console.language import Language
from entrypoints.console.words import N_


def explain(view: DecisionView, language: Language) -> list[str]:
    """Say in sentences why a contact has its operator; in none if there was no pick."""
    decision = view.decision
    if decision is None:
        return []
    translate, plural = language.translations.ugettext, language.translations.ungettext
    candidates, eligible = decision.candidates, decision.eligible
    name = view.names[decision.picked]
    said = [
        plural(
            "%(eligible)s of %(all)s operator could take the contact.",
            "%(eligible)s of %(all)s operators could take the contact.",
            len(candidates),
        )
        % {"eligible": len(eligible), "all": len(candidates)}
    ]
    if len(eligible) == 1:
        said.append(translate("Nobody else was free, so it went to %(name)s.") % {"name": name})
        return said
    weights = sum(each.weight for each in eligible)
    share = candidates[decision.position].weight / weights
    values = {"name": name, "share": language.percent(share)}
    if decision.strategy.picker.rolls:
        return [*said, translate(_CHANCE) % {**values, **_stretch(decision, language)}]
    owed = candidates[decision.position].credit / CONTACT
    numbers = {"owed": language.number(owed, 2), "now": language.number(owed + share, 2)}
    said.append(translate(_SHARE) % {**values, **numbers})
    edge = 1 / (2 * len(eligible) - 2)
    rule = _FIRST_BEHIND if edge <= owed + share <= 1 - edge else _OWED_MOST
    return [*said, translate(rule) % values]


_SHARE = N_(
    "By the weights of the eligible operators, %(name)s should get %(share)s of the contacts. The "
    "credit of %(name)s, the part of a contact that it is owed, was %(owed)s before this contact "
    "and %(now)s with it."
)
_FIRST_BEHIND = N_(
    "Of all operators that were owed something, %(name)s would have been the first to fall behind "
    "its share."
)
_OWED_MOST = N_("No operator was owed more than %(name)s.")
_CHANCE = N_(
    "Chance decided: %(name)s should get %(share)s of the contacts, which are the numbers from "
    "%(begin)s to %(end)s; the number drawn was %(roll)s."
)


def _stretch(decision: Decision, language: Language) -> dict[str, str]:
    """Return the picked operator's stretch of the line from 0 to 1, and where the roll fell."""
    weights = [each.weight if each.obstacle is None else 0 for each in decision.candidates]
    begin = sum(weights[: decision.position]) / sum(weights)
    end = begin + weights[decision.position] / sum(weights)
    return {
        "begin": language.number(begin, 4),
        "end": language.number(end, 4),
        "roll": language.number((decision.roll or 0) / ROLLS, 4),
    }
