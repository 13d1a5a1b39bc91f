"""Several orders in one transaction, and what happens to them if it fails."""

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
        For every order its view, or the error that it failed with. If the transaction fails, each
        is tried by itself; if no transaction can even be begun, all have failed.
    """
    if not orders:
        return []
    try:
        return transactions.once(partial(carry_out, orders=orders))
    except Exception as failure:  # noqa: BLE001 -- it concerns all of them, and each must get it
        return after(failure, transactions, orders)


def after(failure: Exception, transactions: Transactions, orders: Sequence[Order]) -> list[Any]:
    """Go on after a transaction of these orders has failed.

    A transaction that was lost through no fault of theirs is retried as a whole. Otherwise each
    order is tried by itself: one that fails must harm no other. If not even a transaction could be
    begun, no order is tried again: all have waited for their turn already, and a hundred waiting
    one after another would hold everyone up for as many time-outs. Nor is any if the outcome is
    unknown: what was stored would be stored twice.
    """
    if isinstance(failure, TransactionLost | Unsettled):
        try:
            if isinstance(failure, Unsettled):
                transactions.put_off(failure)
            return transactions(partial(carry_out, orders=orders))
        except Exception as another:  # noqa: BLE001 -- it concerns all of them, and each must get it
            failure = another
    outcomes: list[Any] = []
    hopeless = len(orders) == 1 or _is_hopeless(failure)
    for each in orders:
        if hopeless:
            outcomes.append(failure)
            continue
        try:
            (outcome,) = transactions.once(partial(carry_out, orders=[each]))
        except Exception as another:  # noqa: BLE001 -- one order that fails must harm no other
            outcome = failure = another
            hopeless = _is_hopeless(failure)
        # Only now: an order that was carried out but could not be committed was not done.
        outcomes.append(outcome)
    return outcomes


def _is_hopeless(failure: Exception) -> bool:
    """Whether a retry after this would fail again, or might do something twice."""
    return isinstance(failure, StorageAway | OutcomeUnknown | TransactionLost)
