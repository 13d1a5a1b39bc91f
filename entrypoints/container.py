"""The container: the only place that knows which adapter implements which port."""

from datetime import timedelta
from importlib.metadata import version

from dependency_injector import containers, providers

from adapters.addresses import Hosts
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
from adapters.webhooks import WebhookSender
from application.assignment_times import AssignmentTimes
from application.assignments import LatestAssignmentsHandler
from application.auditing import Recorder
from application.check_invariants import CheckInvariantsHandler
from application.contacts import (
    CloseContactHandler,
    ShowContactHandler,
    ShowHistoryHandler,
    TransferContactHandler,
)
from application.courier import Courier
from application.delivering import LeaseEndpointHandler, RecordDeliveriesHandler
from application.due import Timer, Timers
from application.endpoints import (
    CreateEndpointHandler,
    DeleteEndpointHandler,
    EnableEndpointHandler,
    RedeliverHandler,
    RotateSecretHandler,
    UpdateEndpointHandler,
)
from application.event_log import OLD_EVENTS, ForgetOldEvents, PlanForgettingHandler
from application.fairlead import Fairlead
from application.intake import Intake
from application.keys import CreateKeyHandler, EndSessionHandler, RevokeKeyHandler
from application.leads import (
    AddIdentityHandler,
    EraseLeadHandler,
    RemoveIdentityHandler,
    RenameLeadHandler,
)
from application.operators import CreateOperatorHandler, UpdateOperatorHandler
from application.ports.sender import Sender
from application.ports.storage import Readers, Storage
from application.ports.system import Clock, Rolls
from application.purging import PURGE, NightlyPurge, PlanPurgeHandler, PurgeContactsHandler
from application.register_contacts import RegisterContactHandler, RegisterContactsHandler
from application.report import WeekReportHandler
from application.requeuing import RequeueHandler
from application.searching import SearchHandler
from application.sources import (
    CreateSourceHandler,
    ReplaceAllocationsHandler,
    SetWeightHandler,
    UpdateSourceHandler,
)
from application.transactions import Transactions
from application.waiting import HAND_OUT, NextSlice
from application.waits import WaitingTimesHandler
from application.weights import ChangeWeightsHandler
from entrypoints.settings import Settings


def open_storage(url: str, rolls: Rolls, times: AssignmentTimes) -> Storage:
    """Open the storage that a URL names.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    if url == "memory://":
        return memory_storage(rolls, times)
    return sql_storage(url, rolls, times)


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


def open_sender(hosts: str | None) -> Sender:
    """Make what sends deliveries.

    Raises:
        ValueError: the hosts cannot be read; the message says why.
    """
    try:
        named = Hosts.parse(hosts or "")
    except ValueError as error:
        raise ValueError(f"FAIRLEAD_ENDPOINT_HOSTS: {error}") from None
    return WebhookSender(named, version("fairlead"))


def known_timers(settings: Settings, clock: Clock, record: Recorder) -> Timers:
    """Return the timers of this process: what it can settle when it falls due."""
    by_kind: dict[str, Timer] = {
        HAND_OUT: NextSlice(clock),
        OLD_EVENTS: ForgetOldEvents(timedelta(days=settings.event_days), clock),
    }
    if settings.keep_days is not None:
        by_kind[PURGE] = NightlyPurge(timedelta(days=settings.keep_days), clock, record)
    return Timers(clock, by_kind)


class Container(containers.DeclarativeContainer):
    """Builds everything, each thing once; tests override the providers they want to control."""

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(SystemIds, clock)
    rolls = providers.Singleton(SystemRolls)
    pause = providers.Singleton(SystemPause)
    secrets = providers.Singleton(SystemSecrets)
    normalise = providers.Singleton(
        LibraryIdentityNormaliser, region=settings.provided.phone_region
    )
    times = providers.Singleton(AssignmentTimes)
    storage = providers.Singleton(open_storage, settings.provided.database_url, rolls, times)

    sender = providers.Singleton(open_sender, settings.provided.endpoint_hosts)
    readers = providers.Singleton(open_readers, settings.provided.read_database_url, storage)

    _record = providers.Singleton(Recorder, ids)
    timers = providers.Singleton(known_timers, settings, clock, _record)
    transactions = providers.Singleton(
        Transactions, storage.provided.unit_of_work, pause=pause, timers=timers
    )
    _waiting_times = providers.Singleton(
        WaitingTimesHandler, storage.provided.statistics, clock=clock
    )
    _register_contact = providers.Singleton(
        RegisterContactHandler, transactions, ids=ids, normalise=normalise
    )
    fairlead = providers.Singleton(
        Fairlead,
        create_operator=providers.Singleton(
            CreateOperatorHandler, transactions, ids=ids, record=_record
        ),
        update_operator=providers.Singleton(
            UpdateOperatorHandler, transactions, clock=clock, record=_record
        ),
        create_source=providers.Singleton(
            CreateSourceHandler, transactions, clock=clock, record=_record
        ),
        update_source=providers.Singleton(UpdateSourceHandler, transactions, record=_record),
        replace_allocations=providers.Singleton(
            ReplaceAllocationsHandler, transactions, clock=clock, record=_record
        ),
        set_weight=providers.Singleton(SetWeightHandler, transactions, clock=clock, record=_record),
        change_weights=providers.Singleton(
            ChangeWeightsHandler, transactions, clock=clock, record=_record
        ),
        register_contact=_register_contact,
        register_contacts=providers.Singleton(RegisterContactsHandler, _register_contact),
        show_contact=providers.Singleton(ShowContactHandler, storage.provided.contacts),
        show_history=providers.Singleton(ShowHistoryHandler, storage.provided.contacts),
        close_contact=providers.Singleton(CloseContactHandler, transactions, clock=clock),
        transfer_contact=providers.Singleton(
            TransferContactHandler,
            transactions,
            clock=clock,
            record=_record,
        ),
        rename_lead=providers.Singleton(RenameLeadHandler, transactions, record=_record),
        add_identity=providers.Singleton(
            AddIdentityHandler, transactions, normalise=normalise, record=_record
        ),
        remove_identity=providers.Singleton(
            RemoveIdentityHandler, transactions, normalise=normalise, record=_record
        ),
        erase_lead=providers.Singleton(EraseLeadHandler, transactions, record=_record),
        purge_contacts=providers.Singleton(
            PurgeContactsHandler, transactions, clock=clock, pause=pause, record=_record
        ),
        plan_purge=providers.Singleton(PlanPurgeHandler, transactions, clock=clock, timers=timers),
        requeue=providers.Singleton(RequeueHandler, transactions, clock=clock),
        plan_forgetting=providers.Singleton(PlanForgettingHandler, transactions, clock=clock),
        create_endpoint=providers.Singleton(
            CreateEndpointHandler,
            transactions,
            ids=ids,
            secrets=secrets,
            record=_record,
            sender=sender,
        ),
        update_endpoint=providers.Singleton(
            UpdateEndpointHandler, transactions, record=_record, sender=sender
        ),
        rotate_secret=providers.Singleton(
            RotateSecretHandler, transactions, clock=clock, secrets=secrets, record=_record
        ),
        enable_endpoint=providers.Singleton(
            EnableEndpointHandler, transactions, clock=clock, record=_record
        ),
        delete_endpoint=providers.Singleton(DeleteEndpointHandler, transactions, record=_record),
        redeliver=providers.Singleton(RedeliverHandler, transactions, clock=clock, record=_record),
        create_key=providers.Singleton(
            CreateKeyHandler, transactions, clock=clock, secrets=secrets, record=_record
        ),
        revoke_key=providers.Singleton(RevokeKeyHandler, transactions, clock=clock, record=_record),
        end_session=providers.Singleton(EndSessionHandler, transactions, clock=clock),
        check_invariants=providers.Singleton(CheckInvariantsHandler, storage.provided.auditor),
        latest_assignments=providers.Singleton(LatestAssignmentsHandler, storage.provided.contacts),
        waiting_times=_waiting_times,
        week_report=providers.Singleton(
            WeekReportHandler,
            storage.provided.statistics,
            storage.provided.catalogue,
            _waiting_times,
            clock=clock,
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
        events=storage.provided.events,
        endpoints=storage.provided.endpoints,
        changes=storage.provided.changes,
        health=storage.provided.health,
        lists=readers,
    )
    intake = providers.Factory(Intake, transactions)
    courier = providers.Factory(
        Courier,
        events=storage.provided.events,
        endpoints=storage.provided.endpoints,
        lease=providers.Singleton(LeaseEndpointHandler, transactions, clock=clock),
        record=providers.Singleton(
            RecordDeliveriesHandler, transactions, clock=clock, record=_record
        ),
        sender=sender,
        clock=clock,
        rolls=rolls,
    )


def build_simulation(settings: Settings, clock: Clock, storage: Storage | None = None) -> Container:
    """Build a container that takes its time from `clock`, down to the ids.

    Args:
        settings: as for `build_container`.
        clock: the time of everything that happens.
        storage: an open one; opened from the settings if not given.
    """
    container = Container(settings=settings)
    if storage is not None:
        container.storage.override(providers.Object(storage))
    container.clock.override(providers.Object(clock))
    container.ids.override(providers.Singleton(ClockIds, clock))
    return container


def build_container(settings: Settings | None = None) -> Container:
    """Build a container; nothing is opened until it is first used."""
    return Container(settings=settings or Settings())
