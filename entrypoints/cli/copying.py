"""What `fairlead copy` says at the end."""

from collections.abc import Mapping, Sequence

from application.check_invariants import Defect
from application.ports.storage import Missed


def copied(target: str, rows: Mapping[str, int], defects: Sequence[Defect]) -> list[str]:
    """Return lines that say what the target, given by its shown URL, holds."""
    operators, sources, leads, contacts = (
        _number(rows[f"{thing}s"], thing) for thing in ("operator", "source", "lead", "contact")
    )
    holds = (
        f"{target} holds {operators}, {sources}, {leads} and {contacts} with everything that "
        f"belongs to them: {_number(sum(rows.values()), 'row')} in {len(rows)} tables"
    )
    if not defects:
        return [f"{holds}. It keeps every invariant."]
    found = [f"{each.invariant}: {each.detail}" for each in defects]
    return [
        f"{holds}. It breaks invariants; so does its source, if `fairlead check` says so:",
        *found,
    ]


def left_out(source: str, missed: Missed) -> str:
    """Say that the source, given by its shown URL, was written to after its snapshot."""
    if missed.registered:
        was, is_not = ("was", "is not") if missed.registered == 1 else ("were", "are not")
        what = (
            f"{_number(missed.registered, 'contact')} {was} registered in {source} while this ran "
            f"and {is_not} in the copy"
        )
    else:
        what = f"{source} was changed while this ran, and the change is not in the copy"
    return f"{what}: stop the service and copy into an empty database again."


def over(source: str) -> str:
    """Say what to do with the source, given by its shown URL, if nothing is missing."""
    return (
        f"Nothing was written to {source} meanwhile: make sure that nothing serves it any more, "
        "and point FAIRLEAD_DATABASE_URL at the copy."
    )


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
