"""Answers for the OpenAPI document, as one real run gave them.

tests/entrypoints/http/test_examples.py makes the same calls and compares.
"""

from collections.abc import Mapping
from typing import Any, Final

_ANNA: Final = "019cadc6-9e68-7000-8000-000000000001"
_BORIS: Final = "019cadc6-a250-7000-8000-000000000003"
_CONTACT: Final = "019cadc6-ae08-7000-8000-000000000007"
_LEAD: Final = "019cadc6-ae08-7000-8000-000000000008"

_OPERATOR: Final = {
    "created": {
        "summary": "A new operator",
        "description": "`key` was made from the name; calls take it as well as `id`. `load` counts "
        "its open contacts, and never passes `capacity`.",
        "value": {
            "id": _ANNA,
            "key": "anna",
            "name": "Anna",
            "active": True,
            "capacity": 5,
            "load": 0,
            "created_at": "2026-03-02T09:00:01Z",
        },
    }
}
_SOURCE: Final = {
    "allocated": {
        "summary": "A source that two operators answer",
        "description": "`share` is the weight divided by the sum of weights: Boris gets three "
        "contacts of four.",
        "value": {
            "key": "telegram-sales",
            "name": "Telegram, sales",
            "strategy": "exact",
            "waiting": 0,
            "allocations": [
                {"operator_id": _ANNA, "name": "Anna", "weight": 10, "share": 0.25},
                {"operator_id": _BORIS, "name": "Boris", "weight": 30, "share": 0.75},
            ],
            "created_at": "2026-03-02T09:00:03Z",
        },
    }
}
_ASSIGNED: Final = {
    "assigned": {
        "summary": "An operator was free",
        "description": "`operator` answers the person. `lead.created` says that the person is new.",
        "value": {
            "id": _CONTACT,
            "state": "assigned",
            "source": "telegram-sales",
            "lead": {
                "id": _LEAD,
                "name": "Ivan",
                "created": True,
                "conflicts": [],
                "unread": [],
            },
            "operator": {"id": _BORIS, "name": "Boris"},
            "payload": {"text": "Is it in stock?"},
            "created_at": "2026-03-02T09:00:05Z",
            "assigned_at": "2026-03-02T09:00:05Z",
            "closed_at": None,
        },
    }
}
_WAITING: Final = {
    "waiting": {
        "summary": "No operator was free",
        "description": "The contact is stored, and handed out the moment an operator is free. "
        "`lead.created` says that the person is known: by the phone, which was spelt differently.",
        "value": {
            "id": "019cadc6-c960-7000-8000-000000000011",
            "state": "waiting",
            "source": "telegram-sales",
            "lead": {
                "id": _LEAD,
                "name": "Ivan",
                "created": False,
                "conflicts": [],
                "unread": [],
            },
            "operator": None,
            "payload": {"text": "Hello?"},
            "created_at": "2026-03-02T09:00:12Z",
            "assigned_at": None,
            "closed_at": None,
        },
    }
}
_DECISION: Final = {
    "picked": {
        "summary": "Why Boris",
        "description": "Nobody was owed anything yet (`credit`), so the operator with the larger "
        "share was first.",
        "value": {
            "contact_id": _CONTACT,
            "strategy": "exact",
            "picked": {"id": _BORIS, "name": "Boris"},
            "roll": None,
            "candidates": [
                {
                    "operator": {"id": _BORIS, "name": "Boris"},
                    "weight": 30,
                    "active": True,
                    "load": 0,
                    "capacity": 5,
                    "credit": 0.0,
                    "eligible": True,
                    "reason": None,
                },
                {
                    "operator": {"id": _ANNA, "name": "Anna"},
                    "weight": 10,
                    "active": True,
                    "load": 0,
                    "capacity": 5,
                    "credit": 0.0,
                    "eligible": True,
                    "reason": None,
                },
            ],
            "transfers": [],
        },
    }
}
_DISTRIBUTION: Final = {
    "even": {
        "summary": "Four contacts were given away, and one waits",
        "description": "Weights of 10 and 30 are shares of 0.25 and 0.75, and that is what each "
        "got.",
        "value": {
            "since": None,
            "until": None,
            "sources": [
                {
                    "source": "telegram-sales",
                    "total": 5,
                    "waiting": 1,
                    "operators": [
                        {
                            "operator": {"id": _ANNA, "name": "Anna"},
                            "weight": 10,
                            "target_share": 0.25,
                            "contacts": 1,
                            "actual_share": 0.25,
                            "entitled": 1.0,
                            "entitled_share": 0.25,
                            "while_full": 0,
                            "while_unavailable": 0,
                        },
                        {
                            "operator": {"id": _BORIS, "name": "Boris"},
                            "weight": 30,
                            "target_share": 0.75,
                            "contacts": 3,
                            "actual_share": 0.75,
                            "entitled": 3.0,
                            "entitled_share": 0.75,
                            "while_full": 0,
                            "while_unavailable": 0,
                        },
                    ],
                }
            ],
        },
    }
}

EXAMPLES: Final[Mapping[tuple[str, int], Mapping[str, Any]]] = {
    ("create_operator", 201): _OPERATOR,
    ("get_operator", 200): _OPERATOR,
    ("replace_allocations", 200): _SOURCE,
    ("get_source", 200): _SOURCE,
    ("register_contact", 201): {**_ASSIGNED, **_WAITING},
    ("register_contact", 200): _ASSIGNED,
    ("get_contact", 200): {**_ASSIGNED, **_WAITING},
    ("get_decision", 200): _DECISION,
    ("get_distribution", 200): _DISTRIBUTION,
}
"""By the call and the status of its answer, and then by name."""
