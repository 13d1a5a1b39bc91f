"""The container: the one place that knows which adapter stands behind which port."""

from dependency_injector import containers, providers

from adapters.identities import LibraryIdentityNormaliser
from adapters.memory.storage import memory_storage
from adapters.sql.storage import sql_readers, sql_storage
from adapters.system import (
    ClockIds,
    SystemClock,
    SystemIds,
    SystemPause,
    SystemRolls,
    SystemSecrets,
)
from application.assignments import LatestAssignmentsHandler
from application.auditing import Recorder
from application.check_invariants import CheckInvariantsHandler
from application.contacts import CloseContactHandler, ShowContactHandler, TransferContactHandler
from application.fairlead import Fairlead
from application.intake import GroupCommitIntake
from application.keys import CreateKeyHandler, EndSessionHandler, RevokeKeyHandler
from application.leads import (
    AddIdentityHandler,
    EraseLeadHandler,
    RemoveIdentityHandler,
    RenameLeadHandler,
)
from application.operators import CreateOperatorHandler, UpdateOperatorHandler
from application.ports.storage import Readers, Storage
from application.ports.system import Clock, Rolls
from application.purging import PurgeContactsHandler
from application.register_contacts import RegisterContactsHandler
from application.searching import SearchHandler
from application.sources import (
    CreateSourceHandler,
    ReplaceAllocationsHandler,
    SetWeightHandler,
    UpdateSourceHandler,
)
from application.waits import WaitingTimesHandler
from entrypoints.settings import Settings


def open_storage(url: str, rolls: Rolls) -> Storage:
    """Open the storage that a URL names.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    return memory_storage(rolls) if url == "memory://" else sql_storage(url, rolls)


def open_readers(url: str | None, storage: Storage) -> Readers:
    """Open what lists and statistics are read from: the storage itself if no URL names a replica.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    if url is not None:
        return sql_readers(url)
    return Readers(
        catalogue=storage.catalogue,
        contacts=storage.contacts,
        leads=storage.leads,
        statistics=storage.statistics,
        audit=storage.audit,
        health=storage.health,
        close=lambda: None,
    )


class Container(containers.DeclarativeContainer):
    """Builds everything, each thing once; tests override what they want to hold in their hands."""

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(SystemIds)
    rolls = providers.Singleton(SystemRolls)
    pause = providers.Singleton(SystemPause)
    secrets = providers.Singleton(SystemSecrets)
    normalise = providers.Singleton(
        LibraryIdentityNormaliser, region=settings.provided.phone_region
    )
    storage = providers.Singleton(open_storage, settings.provided.database_url, rolls)

    readers = providers.Singleton(open_readers, settings.provided.read_database_url, storage)

    _unit_of_work = storage.provided.unit_of_work
    _record = providers.Singleton(Recorder, ids)
    register_contacts = providers.Singleton(
        RegisterContactsHandler, _unit_of_work, ids=ids, normalise=normalise
    )
    fairlead = providers.Singleton(
        Fairlead,
        create_operator=providers.Singleton(
            CreateOperatorHandler, _unit_of_work, ids=ids, record=_record
        ),
        update_operator=providers.Singleton(
            UpdateOperatorHandler, _unit_of_work, clock=clock, record=_record
        ),
        create_source=providers.Singleton(
            CreateSourceHandler, _unit_of_work, clock=clock, record=_record
        ),
        update_source=providers.Singleton(UpdateSourceHandler, _unit_of_work, record=_record),
        replace_allocations=providers.Singleton(
            ReplaceAllocationsHandler, _unit_of_work, clock=clock, record=_record
        ),
        set_weight=providers.Singleton(
            SetWeightHandler, _unit_of_work, clock=clock, record=_record
        ),
        register_contacts=register_contacts,
        show_contact=providers.Singleton(ShowContactHandler, storage.provided.contacts),
        close_contact=providers.Singleton(CloseContactHandler, _unit_of_work, clock=clock),
        transfer_contact=providers.Singleton(
            TransferContactHandler,
            _unit_of_work,
            clock=clock,
            record=_record,
        ),
        rename_lead=providers.Singleton(RenameLeadHandler, _unit_of_work, record=_record),
        add_identity=providers.Singleton(
            AddIdentityHandler, _unit_of_work, normalise=normalise, record=_record
        ),
        remove_identity=providers.Singleton(
            RemoveIdentityHandler, _unit_of_work, normalise=normalise, record=_record
        ),
        erase_lead=providers.Singleton(EraseLeadHandler, _unit_of_work, record=_record),
        purge_contacts=providers.Singleton(
            PurgeContactsHandler, _unit_of_work, clock=clock, pause=pause, record=_record
        ),
        create_key=providers.Singleton(
            CreateKeyHandler, _unit_of_work, clock=clock, secrets=secrets, record=_record
        ),
        revoke_key=providers.Singleton(
            RevokeKeyHandler, _unit_of_work, clock=clock, record=_record
        ),
        end_session=providers.Singleton(EndSessionHandler, _unit_of_work, clock=clock),
        check_invariants=providers.Singleton(CheckInvariantsHandler, storage.provided.auditor),
        latest_assignments=providers.Singleton(LatestAssignmentsHandler, storage.provided.contacts),
        waiting_times=providers.Singleton(
            WaitingTimesHandler, storage.provided.statistics, clock=clock
        ),
        search=providers.Singleton(
            SearchHandler,
            storage.provided.contacts,
            catalogue=storage.provided.catalogue,
            leads=storage.provided.leads,
            lead_search=storage.provided.lead_search,
            normalise=normalise,
        ),
        normalise=normalise,
        catalogue=storage.provided.catalogue,
        contacts=storage.provided.contacts,
        leads=storage.provided.leads,
        lead_search=storage.provided.lead_search,
        statistics=storage.provided.statistics,
        keys=storage.provided.keys,
        audit=storage.provided.audit,
        changes=storage.provided.changes,
        health=storage.provided.health,
        lists=readers,
    )
    intake = providers.Factory(GroupCommitIntake, register_contacts)


def build_simulation(settings: Settings, clock: Clock, storage: Storage | None = None) -> Container:
    """Build a container whose time is what `clock` says, down to the ids.

    Args:
        settings: as for `build_container`.
        clock: the time of everything that happens.
        storage: one that is open already; opened from the settings if not given.
    """
    container = Container(settings=settings)
    if storage is not None:
        container.storage.override(providers.Object(storage))
    container.clock.override(providers.Object(clock))
    container.ids.override(providers.Singleton(ClockIds, clock))
    return container


def build_container(settings: Settings | None = None) -> Container:
    """Build a container; nothing is opened until something is asked of it."""
    return Container(settings=settings or Settings())
