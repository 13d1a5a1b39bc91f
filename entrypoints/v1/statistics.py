"""/v1/stats."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from application.fairlead import Fairlead
from application.ports.statistics import HourSpan
from domain import limits
from entrypoints.edge.listing import Listing
from entrypoints.edge.pages import Moment
from entrypoints.edge.problems import documented
from entrypoints.v1.schemas.statistics import (
    Distribution,
    OperatorsStatisticsOut,
    OperatorStatisticsOut,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
# Written as it is, without the check of a response model: with 60,000 allocations, to copy
# them would take as long as to read them.
_distribution_to_json = TypeAdapter(Distribution).serializer.to_json
_LAST = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _HOUR


def router(fairlead: Fairlead, listing: Listing) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/stats", tags=["statistics"])

    @routes.get(
        "/distribution", response_model=Distribution, responses=documented("unknown_source")
    )
    @listing
    def get_distribution(
        source: Annotated[
            str | None,
            Query(pattern=limits.KEY, description="The key of a source; all sources if not given."),
        ] = None,
        since: Annotated[
            Moment | None, Query(description="From this hour on; from the beginning if not given.")
        ] = None,
        until: Annotated[
            Moment | None, Query(description="Before this hour; until now if not given.")
        ] = None,
    ) -> Response:
        """Compare what every operator got of a source with what its weight says.

        Counters are kept by the hour in UTC: `since` and `until` are rounded down to the whole
        hour, and the response says which period it covers. A contact counts for the operator that
        the picker chose, in the hour in which it was assigned; a transfer changes nothing here.
        """
        span = HourSpan(_hour(since), _hour(until))
        sources = None if source is None else [source]
        found = fairlead.lists.statistics.distribution(sources=sources, span=span)
        shown = Distribution(_moment(span.since), _moment(span.until), found)
        return Response(_distribution_to_json(shown), media_type="application/json")

    @routes.get("/operators", responses=documented())
    @listing
    def get_operator_statistics() -> OperatorsStatisticsOut:
        """Show every operator's load and how many contacts it was given on each source."""
        return OperatorsStatisticsOut(
            items=[OperatorStatisticsOut.of(each) for each in fairlead.lists.statistics.operators()]
        )

    return routes


def _hour(moment: datetime | None) -> int | None:
    return None if moment is None else min(max((moment - _EPOCH) // _HOUR, 0), _LAST)


def _moment(hour: int | None) -> datetime | None:
    return None if hour is None else _EPOCH + hour * _HOUR
