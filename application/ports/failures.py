"""How a storage can fail."""


class StorageUnavailable(Exception):
    """The storage cannot be reached or written just now; nothing was changed, try again later."""


class StorageAway(StorageUnavailable):
    """Not even a transaction could be begun."""


class TransactionLost(StorageUnavailable):
    """Nothing was stored: others were in the way or the connection broke; a retry may work."""


class OutcomeUnknown(StorageUnavailable):
    """The storage went away while it committed: everything was stored, or nothing."""


class Overloaded(StorageUnavailable):
    """More is waiting to be stored than can be stored soon."""
