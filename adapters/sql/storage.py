"""Everything that SQL provides, on one database."""

from functools import partial

from adapters.sql.audit import SqlAuditReader
from adapters.sql.auditor import SqlAuditor
from adapters.sql.backups import back_up, restore
from adapters.sql.catalogue import SqlCatalogueReader
from adapters.sql.changes import SqlChanges
from adapters.sql.contact_reader import SqlContactReader
from adapters.sql.copying import fill, snapshot
from adapters.sql.due import SqlDueReader
from adapters.sql.endpoints import SqlEndpointReader
from adapters.sql.events import SqlEventReader
from adapters.sql.kept import Keeper
from adapters.sql.keys import SqlKeyReader
from adapters.sql.lead_search import SqlLeadSearch
from adapters.sql.leads import SqlLeadReader
from adapters.sql.migrate import SqlHealth, SqlReadHealth, migrate
from adapters.sql.mounts import warnings
from adapters.sql.opening import open_database, open_read_database
from adapters.sql.statistics import SqlStatisticsReader
from adapters.sql.unit_of_work import SqlUnitOfWork
from application.assignment_times import AssignmentTimes
from application.ports.storage import Readers, Storage
from application.ports.system import Rolls


def sql_storage(url: str, rolls: Rolls, times: AssignmentTimes) -> Storage:
    """Open a database by its SQLAlchemy URL.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    database = open_database(url)
    return Storage(
        unit_of_work=partial(SqlUnitOfWork, database, Keeper(), rolls, times),
        catalogue=SqlCatalogueReader(database),
        contacts=SqlContactReader(database),
        leads=SqlLeadReader(database),
        lead_search=SqlLeadSearch(database),
        statistics=SqlStatisticsReader(database),
        auditor=SqlAuditor(database),
        keys=SqlKeyReader(database),
        audit=SqlAuditReader(database),
        due=SqlDueReader(database),
        events=SqlEventReader(database),
        endpoints=SqlEndpointReader(database),
        changes=SqlChanges(database),
        health=SqlHealth(database),
        migrate=partial(migrate, database),
        backup=partial(back_up, database),
        restore=partial(restore, database),
        snapshot=partial(snapshot, database),
        fill=partial(fill, database),
        warnings=partial(warnings, database),
        close=database.dispose,
    )


def sql_readers(url: str) -> Readers:
    """Open a database for reading only, by its SQLAlchemy URL.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    database = open_read_database(url)
    return Readers(
        catalogue=SqlCatalogueReader(database),
        contacts=SqlContactReader(database),
        leads=SqlLeadReader(database),
        statistics=SqlStatisticsReader(database),
        audit=SqlAuditReader(database),
        health=SqlReadHealth(database),
        close=database.dispose,
    )
