"""Several orders in one transaction, and what becomes of them if that fails."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from application.due import Unsettled
from application.ports.failures import OutcomeUnknown, StorageAway, TransactionLost
from application.transactions import Transactions
from application.use_case import Order, carry_out


def carry_out_together(transactions: Transactions, orders: Sequence[Order]) -> list[Any]:
    """Carry out orders in one transaction.

    Returns:
        Of every order its view, or the error that it failed with. If the transaction fails, each
        is tried by itself; if not even one can be begun, all have failed.
    """
    if not orders:
        return []
    try:
        return transactions.once(partial(carry_out, orders=orders))
    except Exception as failure:  # noqa: BLE001 -- of all of them, each of which must hear
        return after(failure, transactions, orders)


def after(failure: Exception, transactions: Transactions, orders: Sequence[Order]) -> list[Any]:
    """Go on after a transaction of these has failed.

    What was lost through nobody's fault is tried again, all of it. Else each is tried by itself:
    one that fails must harm no other. What could not even begin a transaction has waited for its
    turn already; a hundred that wait one after the other would keep everybody for as many
    time-outs. What may have been stored would be stored twice.
    """
    if isinstance(failure, TransactionLost | Unsettled):
        try:
            if isinstance(failure, Unsettled):
                transactions.put_off(failure)
            return transactions(partial(carry_out, orders=orders))
        except Exception as another:  # noqa: BLE001 -- of all of them, each of which must hear
            failure = another
    outcomes: list[Any] = []
    hopeless = len(orders) == 1 or _is_hopeless(failure)
    for each in orders:
        if hopeless:
            outcomes.append(failure)
            continue
        try:
            (outcome,) = transactions.once(partial(carry_out, orders=[each]))
        except Exception as another:  # noqa: BLE001 -- of this one, which must harm no other
            outcome = failure = another
            hopeless = _is_hopeless(failure)
        # Only now: what was done and could not be committed was not done.
        outcomes.append(outcome)
    return outcomes


def _is_hopeless(failure: Exception) -> bool:
    """Whether what failed so would fail again, or might be done twice."""
    return isinstance(failure, StorageAway | OutcomeUnknown | TransactionLost)
