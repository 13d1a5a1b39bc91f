"""Every type of problem: its code, status and title, what it means, what to do, and an example.

One table. From it come the problems that calls answer, the pages at /docs/problems, the examples in
the OpenAPI document and the table in docs/reference.md, which
`python -m entrypoints.edge.problem_types docs/reference.md` writes there.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from domain import errors
from domain.errors import DomainError
from entrypoints.edge.generated import with_generated


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What all problems of one code have in common.

    Attributes:
        status: of the answer.
        title: it in a few words.
        meaning: it in a sentence.
        remedy: what the client does about it.
        detail: what an answer says, as an example.
        errors: the fields that this example names, each with what is wrong with it.
        more: the further members of this example.
    """

    status: int
    title: str
    meaning: str
    remedy: str
    detail: str
    errors: Sequence[tuple[str, str]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def phrase(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase


def place(code: str, root: str = "") -> str:
    """Return the address of a type's page, which is the type's name as well (RFC 9457, 3.1.1).

    Args:
        code: the type's.
        root: the path that the service is served under.
    """
    return f"{root}/docs/problems/{code}"


def _domain(
    error: type[DomainError],
    status: int,
    title: str,
    remedy: str,
    detail: str,
    name: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> tuple[str, ProblemType]:
    """Describe an error of the domain, whose docstring begins with what it means.

    Args:
        error: the error.
        status: of the answer.
        title: it in a few words.
        remedy: what the client does about it.
        detail: what an answer says, as an example.
        name: the field that this example is about, if it is about one.
        more: the further members of this example.
    """
    meaning = str(error.__doc__).splitlines()[0]
    fields = [] if name is None else [(name, detail)]
    return error.code, ProblemType(status, title, meaning, remedy, detail, fields, more or {})


TYPES: Final[Mapping[str, ProblemType]] = dict(
    [
        # Refused by the domain.
        _domain(
            errors.InvalidValue,
            422,
            "Invalid value",
            "Read `detail`: it names the limits. Send a value within them.",
            "the header Idempotency-Key and the field idempotency_key differ; send only one.",
            "idempotency_key",
        ),
        _domain(
            errors.InvalidIdentity,
            422,
            "Invalid identity",
            "Ask the person again, or name the lead by another identity: next to one that can be "
            "read, this one is kept in `lead.unread` and refuses nothing.",
            "'ask me' is not a phone number; write it with its country code, such as +79161234567.",
            "lead.identities.phone",
        ),
        _domain(
            errors.NoIdentity,
            422,
            "No identity",
            "Send at least one identity with a visible value. The id that a platform gives its "
            "user is enough.",
            "name the lead by lead.id or by at least one of lead.identities, such as a phone or "
            "an email.",
            "lead",
        ),
        _domain(
            errors.DuplicateOperator,
            422,
            "Operator named twice",
            "Name each operator once. Its id and its key name the same operator.",
            "operator 0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01 is named 2 times; name each operator "
            "once.",
            "allocations",
        ),
        _domain(
            errors.UnknownOperator,
            404,
            "Unknown operator",
            "Look the operator up with `GET /v1/operators`. Keys are in lower case.",
            "no operator has the key 'ana'; look at the list of operators for the right one.",
            "operator_id",
        ),
        _domain(
            errors.UnknownSource,
            404,
            "Unknown source",
            "Look the source up with `GET /v1/sources`, or create it with `POST /v1/sources`.",
            "no source has the key 'telegram-sale'; create it first, or look at the list of "
            "sources for the right key.",
            "source",
        ),
        _domain(
            errors.UnknownContact,
            404,
            "Unknown contact",
            "Check the id. The contact may have been purged, or belong to a source that your key "
            "is not bound to.",
            "no contact has the id 0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01.",
        ),
        _domain(
            errors.UnknownLead,
            404,
            "Unknown lead",
            "Check the id, or find the lead with `GET /v1/leads?identity=kind:value`.",
            "no lead has the id 0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01.",
            "lead_id",
        ),
        _domain(
            errors.UnknownEndpoint,
            404,
            "Unknown endpoint",
            "Look at the list of endpoints for the right id. A deleted endpoint does not come "
            "back: create it anew.",
            "no endpoint has the id 0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01.",
            "endpoint_id",
        ),
        _domain(
            errors.NoDecision,
            404,
            "No decision yet",
            "Ask again once the contact is assigned; `GET /v1/events?contact=...&wait=30` tells "
            "when.",
            "no operator has been given this contact, so there is nothing to explain; if it is "
            "waiting, it is handed out as soon as an operator is eligible.",
        ),
        _domain(
            errors.UnknownIdentity,
            404,
            "Unknown identity",
            "Look at the lead's identities with `GET /v1/leads/{lead_id}`. If you are removing "
            "one, there is nothing left to do.",
            "the lead has no such identity; look at those that it has.",
            "value",
        ),
        _domain(
            errors.UnknownKey,
            404,
            "Unknown API key",
            "Look at `GET /v1/keys`. A prefix is the part of a key before the second underscore.",
            "no key has the prefix 'flk_0000000000'.",
            "prefix",
        ),
        _domain(
            errors.OperatorExists,
            409,
            "Operator exists",
            "Use the operator that has the key, choose another key, or send none: then one is "
            "made from the name.",
            "an operator with the key 'anna' already exists; choose another key, or none.",
            "key",
        ),
        _domain(
            errors.SourceExists,
            409,
            "Source exists",
            "Use the source that has the key, or choose another key.",
            "a source with the key 'telegram-sales' already exists; change that one, or choose "
            "another key.",
            "key",
        ),
        _domain(
            errors.IdentityTaken,
            409,
            "Identity taken",
            "`lead_id` names the lead that has it. If the identity is wrong there, remove it "
            "there first, and send this again.",
            "the lead 0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01 has this identity; it stays there "
            "until it is removed.",
            "value",
            {"lead_id": "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"},
        ),
        _domain(
            errors.IdempotencyConflict,
            409,
            "Idempotency key used",
            "Send a repeated message exactly as it was the first time. Give a new message a new "
            "key, such as the id that the platform gave it.",
            "this idempotency key was used before with another body; send the same body again, "
            "or a new key for a new contact.",
            "idempotency_key",
        ),
        _domain(
            errors.OperatorInactive,
            409,
            "Operator inactive",
            "Choose another operator, or activate this one with `PATCH /v1/operators/{operator_id}`"
            ".",
            "Anna is inactive; activate the operator or choose another.",
            "operator_id",
        ),
        _domain(
            errors.OperatorAtCapacity,
            409,
            "Operator at capacity",
            "Choose another operator, close one of this operator's contacts, or raise its "
            "capacity.",
            "Anna has 2 open contacts and a capacity of 2; close one, raise the capacity or "
            "choose another operator.",
            "operator_id",
        ),
        _domain(
            errors.ContactClosed,
            409,
            "Contact closed",
            "Register a new contact if the person has written again. A closed contact is never "
            "opened.",
            "the contact is closed; register a new one if the lead has written again.",
        ),
        _domain(
            errors.ChangedMeanwhile,
            412,
            "Changed meanwhile",
            "`current` shows what it is now, and the header `ETag` names that version. Decide "
            "whether your change still makes sense; if so, send it with this `ETag` as "
            "`If-Match`.",
            "somebody else has changed it meanwhile; look at what it is now, and change that.",
            more={
                "current": {
                    "id": "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01",
                    "key": "anna",
                    "name": "Anna",
                    "active": True,
                    "capacity": 5,
                    "load": 0,
                    "created_at": "2026-03-02T09:00:00Z",
                }
            },
        ),
        _domain(
            errors.EventsGone,
            410,
            "Events gone",
            "Read the state that you follow once more (contacts, operators, sources), and go on "
            "from the number in `detail`.",
            "the last event is 1, so the storage has been restored from a backup; read the "
            "contacts and operators that you follow once more, and go on with after=0.",
            "after",
            {"earliest": 1},
        ),
        # Refused before the domain saw it.
        (
            "unauthenticated",
            ProblemType(
                401,
                "Unauthenticated",
                "The call carries no valid key.",
                "Send the header `Authorization: Bearer flk_...`. If you do, the key is mistyped, "
                "has expired or was revoked: ask an administrator for a new one.",
                "send a valid key in the header Authorization: Bearer flk_...; an administrator "
                "makes one with `fairlead keys create`.",
            ),
        ),
        (
            errors.Forbidden.code,
            ProblemType(
                403,
                "Forbidden",
                "The key's role, or the source that it is bound to, does not permit this.",
                "Use a key of a role that may do this; docs/access.md has the table of roles and "
                "calls. Sending it again does not help.",
                "a key of the role viewer does not permit this; the call needs one that may "
                "administer.",
            ),
        ),
        (
            "protected_mode",
            ProblemType(
                403,
                "Protected mode",
                "No key has been made, and the call came from another machine.",
                "Make the first key where the service runs, and send it with every call.",
                "no API key has been made yet, so only this machine is served. Make one with "
                "`fairlead keys create --role admin` where the service runs, and send it in the "
                "header Authorization: Bearer flk_...; a call that a proxy has passed on is not "
                "from this machine.",
            ),
        ),
        (
            "validation_failed",
            ProblemType(
                422,
                "Validation failed",
                "A field is missing, unknown, or not what it should be.",
                "`errors` names each field and what is wrong with it. The OpenAPI document says "
                "what each call takes.",
                "limt: there is no such parameter (did you mean limit?). The call takes cursor "
                "and limit.",
                [("limt", "there is no such parameter (did you mean limit?)")],
            ),
        ),
        (
            "malformed_json",
            ProblemType(
                422,
                "Malformed JSON",
                "The body is not JSON.",
                "Send UTF-8 JSON, made by a library and not by hand. `detail` says where the "
                "parser stopped.",
                "the body is not JSON: EOF while parsing an object at line 1 column 1.",
            ),
        ),
        (
            "unsupported_media_type",
            ProblemType(
                415,
                "Unsupported media type",
                "The body is not declared as JSON, or is compressed.",
                "Send `Content-Type: application/json`, and no `Content-Encoding`.",
                "send the body as JSON with the header Content-Type: application/json.",
            ),
        ),
        (
            "body_too_large",
            ProblemType(
                413,
                "Body too large",
                "The body is larger than this call takes.",
                "Send less: a batch in several calls, a payload without what nobody reads.",
                "the body is over 65536 bytes; send less at a time.",
            ),
        ),
        (
            "headers_too_large",
            ProblemType(
                431,
                "Headers too large",
                "There are more than 100 headers, or 64 KiB of them.",
                "Send fewer headers. A browser sends every cookie of the host: remove those that "
                "belong to nothing.",
                "send no more than 100 headers, and no more than 65536 bytes of them.",
            ),
        ),
        (
            "request_timeout",
            ProblemType(
                408,
                "Request timeout",
                "The request did not arrive in time; the connection is closed.",
                "Send it again, on a new connection and without pauses. Nothing was changed.",
                "the body did not arrive within 10 s; send it without pauses.",
            ),
        ),
        (
            "rate_limited",
            ProblemType(
                429,
                "Rate limited",
                "The key has made more calls than the service's settings allow.",
                "Wait for the seconds that the header `Retry-After` says, and send it again. The "
                "headers `RateLimit` and `RateLimit-Policy` of every answer say what is left.",
                "this key may make 3 calls in 3600 s; try again in 1200 s.",
            ),
        ),
        (
            "not_found",
            ProblemType(
                404,
                "Not found",
                "There is nothing at this address.",
                "Check the address. /docs lists every call.",
                "there is nothing at /v1/contact; /docs lists every call.",
            ),
        ),
        (
            "method_not_allowed",
            ProblemType(
                405,
                "Method not allowed",
                "This method does not work at this address.",
                "Use one of the methods that the header `Allow` names.",
                "DELETE does not work here; use GET, HEAD, OPTIONS, POST.",
            ),
        ),
        # Not the client's fault.
        (
            "storage_unavailable",
            ProblemType(
                503,
                "Storage unavailable",
                "The storage is unavailable; nothing was changed.",
                "Send it again after the seconds that the header `Retry-After` says. If it goes "
                "on, `/readyz` and the service's log say why.",
                "API keys cannot be read just now. Nothing was changed; try again shortly.",
            ),
        ),
        (
            "overloaded",
            ProblemType(
                503,
                "Overloaded",
                "More requests are waiting than can be answered soon.",
                "Send it again after the seconds that the header `Retry-After` says, and then "
                "ever more seldom.",
                "too many changes are waiting already. Nothing was changed; try again shortly.",
            ),
        ),
        (
            "outcome_unknown",
            ProblemType(
                503,
                "Outcome unknown",
                "The storage went away during a commit: all was stored, or nothing.",
                "Send it again. With an idempotency key, a registration that was stored is not "
                "stored twice; for any other change, look first.",
                "the connection to the database was lost. Either all of it was stored, or "
                "nothing. Send it again; send a registration with the same idempotency key.",
            ),
        ),
        (
            "internal_error",
            ProblemType(
                500,
                "Internal error",
                "A defect in the service.",
                "Report it, with the `request_id`: the service's log has the reason under it. "
                "Sending it again rarely helps.",
                "the service has a defect; its log says where. Please report it.",
            ),
        ),
    ]
)
"""By code."""

STATUSES: Final[Mapping[str, int]] = {code: each.status for code, each in TYPES.items()}
"""The status of each code."""


def table() -> str:
    """Return a Markdown table of all types."""
    lines = [
        "| code | status | meaning |",
        "| --- | --- | --- |",
        *(f"| `{code}` | {each.status} | {each.meaning} |" for code, each in TYPES.items()),
    ]
    return "".join(f"{each}\n" for each in lines)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(with_generated(target.read_text("utf-8"), table()), "utf-8")
