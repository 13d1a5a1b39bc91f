"""The whole application in one object: what the HTTP routes, the CLI and scripts call."""

from dataclasses import dataclass

from application.assignments import LatestAssignmentsHandler
from application.check_invariants import CheckInvariantsHandler
from application.contacts import (
    CloseContactHandler,
    ShowContactHandler,
    ShowHistoryHandler,
    TransferContactHandler,
)
from application.endpoints import (
    CreateEndpointHandler,
    DeleteEndpointHandler,
    EnableEndpointHandler,
    RedeliverHandler,
    RotateSecretHandler,
    UpdateEndpointHandler,
)
from application.event_log import PlanForgettingHandler
from application.keys import CreateKeyHandler, EndSessionHandler, RevokeKeyHandler
from application.leads import (
    AddIdentityHandler,
    EraseLeadHandler,
    RemoveIdentityHandler,
    RenameLeadHandler,
)
from application.operators import CreateOperatorHandler, UpdateOperatorHandler
from application.ports.audit import AuditReader
from application.ports.catalogue import CatalogueReader
from application.ports.contacts import ContactReader
from application.ports.endpoints import EndpointReader
from application.ports.events import EventReader
from application.ports.keys import KeyReader
from application.ports.leads import IdentityNormaliser, LeadReader
from application.ports.search import LeadSearch
from application.ports.statistics import StatisticsReader
from application.ports.storage import Changes, Health, Readers
from application.purging import PlanPurgeHandler, PurgeContactsHandler
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
from application.waits import WaitingTimesHandler
from application.weights import ChangeWeightsHandler


@dataclass(frozen=True, slots=True)
class Fairlead:
    """Every use case and every query, wired to one storage. All of it may be called from threads.

    Attributes:
        lists: readers that may lag behind; all others show at once what was acknowledged.
    """

    create_operator: CreateOperatorHandler
    update_operator: UpdateOperatorHandler
    create_source: CreateSourceHandler
    update_source: UpdateSourceHandler
    replace_allocations: ReplaceAllocationsHandler
    set_weight: SetWeightHandler
    change_weights: ChangeWeightsHandler
    register_contact: RegisterContactHandler
    register_contacts: RegisterContactsHandler
    show_contact: ShowContactHandler
    show_history: ShowHistoryHandler
    close_contact: CloseContactHandler
    transfer_contact: TransferContactHandler
    rename_lead: RenameLeadHandler
    add_identity: AddIdentityHandler
    remove_identity: RemoveIdentityHandler
    erase_lead: EraseLeadHandler
    purge_contacts: PurgeContactsHandler
    plan_purge: PlanPurgeHandler
    requeue: RequeueHandler
    plan_forgetting: PlanForgettingHandler
    create_endpoint: CreateEndpointHandler
    update_endpoint: UpdateEndpointHandler
    rotate_secret: RotateSecretHandler
    enable_endpoint: EnableEndpointHandler
    delete_endpoint: DeleteEndpointHandler
    redeliver: RedeliverHandler
    create_key: CreateKeyHandler
    revoke_key: RevokeKeyHandler
    end_session: EndSessionHandler
    check_invariants: CheckInvariantsHandler
    search: SearchHandler
    latest_assignments: LatestAssignmentsHandler
    waiting_times: WaitingTimesHandler
    week_report: WeekReportHandler
    normalise: IdentityNormaliser
    catalogue: CatalogueReader
    contacts: ContactReader
    leads: LeadReader
    lead_search: LeadSearch
    statistics: StatisticsReader
    keys: KeyReader
    audit: AuditReader
    events: EventReader
    endpoints: EndpointReader
    changes: Changes
    health: Health
    lists: Readers
