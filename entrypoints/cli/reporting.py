"""`fairlead report`: a week on one page that can be printed or sent."""

from pathlib import Path
from typing import Annotated

import typer

from application.report import Report, WeekReport
from entrypoints.cli.terminal import DatabaseUrl, err, opened, out, settings_of, stop, warn
from entrypoints.console.language import LANGUAGES
from entrypoints.console.report import Simulated, report_file, zone_named
from entrypoints.container import build_container
from entrypoints.simulation import MOST, share_within


def report(
    week: Annotated[
        str | None,
        typer.Option(metavar="WEEK", help="As 2026-W48; the last whole week by default."),
    ] = None,
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Whose days and hours, as Europe/Moscow.")
    ] = "UTC",
    language: Annotated[
        str, typer.Option(metavar="LANGUAGE", help=f"One of {', '.join(LANGUAGES)}.")
    ] = LANGUAGES[0],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write it; fairlead-report-WEEK.html in this folder by default.",
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write the report of a week as an HTML file.

    The week against the one before, when contacts came, how long they waited and took, whether
    shares were as promised, a forecast of the next week, and how many operators that needs.
    """
    if language not in LANGUAGES:
        stop(f"there is no language {language!r}; choose one of {', '.join(LANGUAGES)}.")
    container = build_container(settings_of(database_url))
    with opened(container) as storage:
        warn(storage)
        found = container.fairlead().week_report(WeekReport(week, zone_named(zone)))
    with err.status("simulating the hour that needs most operators"):
        text = report_file(found, _simulated(found), language)
    target = to or Path(f"fairlead-report-{found.week}.html")
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror}; name another file with --to.")
    out.print(f"{target} holds the report of {found.week}; open it in a browser.")


def _simulated(report: Report) -> Simulated | None:
    staffing, took = report.staffing, report.figures.took
    if report.forecast is None or staffing is None or took is None or not took.half:
        return None
    day, hour = staffing.peak
    operators, per_hour = staffing.operators[day][hour], report.forecast.hours[day][hour]
    if not operators or per_hour * took.half / 3600 > MOST:
        return None

    def share(number: int) -> float:
        return share_within(per_hour, took, number, staffing.at_a_time)

    return Simulated(share(operators), share(operators - 1) if operators > 1 else None)
