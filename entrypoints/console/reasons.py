"""Why an endpoint cannot be delivered to, in the reader's language.

The courier stores a sentence in English, which the API shows as well. Here it is recognised, and
translated; what is not recognised stays as it is.
"""

import re
from typing import Final

from entrypoints.console.filled import Sentence
from entrypoints.console.words import N_, VALUES

_KNOWN: Final = (
    # Of a URL.
    (re.compile(r"url is no URL: .*"), VALUES["url"]),
    (re.compile(r"url must be a whole address such as .*"), VALUES["url"]),
    (re.compile(r"url must have at most 2000 characters\."), N_("Enter at most 2,000 characters.")),
    (
        re.compile(r"url must not contain a name or a password; .*"),
        N_(
            "The URL must not contain a name or a password; deliveries are signed, which proves "
            "more."
        ),
    ),
    (
        re.compile(r"url must begin with https://; .*"),
        N_(
            "The URL must begin with https://; only hosts named in the setting "
            "FAIRLEAD_ENDPOINT_HOSTS are sent to without encryption."
        ),
    ),
    (
        re.compile(r"(?P<host>[^ ]+) is not public; .*"),
        N_(
            "%(host)s is not public. If deliveries may go there, the host, its address or its "
            "network has to be named in the setting FAIRLEAD_ENDPOINT_HOSTS."
        ),
    ),
    (
        re.compile(r"the host (?P<host>[^ ]+) is not known[.;].*"),
        N_("The host %(host)s is not known; look for a typing error."),
    ),
    (
        re.compile(r"there are (?P<number>\d+) endpoints already; .*"),
        N_("There are %(number)s endpoints already; delete those that nobody needs."),
    ),
    # Of an attempt.
    (
        re.compile(r"there was no answer within (?P<seconds>\d+) seconds\."),
        N_("There was no answer within %(seconds)s seconds."),
    ),
    (
        re.compile(r"the receiver answered (?P<status>\d+): redirects are not followed; .*"),
        N_("The receiver answered %(status)s: redirects are not followed; change the URL."),
    ),
    (
        re.compile(r"the receiver answered (?P<status>\d+): it is gone for good\."),
        N_("The receiver answered %(status)s: it is gone for good."),
    ),
    (
        re.compile(r"the receiver answered (?P<status>.+)\."),
        N_("The receiver answered %(status)s."),
    ),
    (
        re.compile(r"no connection to the receiver: (?P<cause>.+)\."),
        N_("No connection to the receiver: %(cause)s."),
    ),
    (
        re.compile(r"the receiver broke off, or did not answer in HTTP\."),
        N_("The receiver broke off, or did not answer in HTTP."),
    ),
    (
        re.compile(r"the connection broke: (?P<cause>.+)\."),
        N_("The connection broke: %(cause)s."),
    ),
    (
        re.compile(r"the contact could not be read\."),
        N_("The contact to include could not be read."),
    ),
    (
        re.compile(r"a defect in the service; its log says more\."),
        N_("The service has a defect; its log says more."),
    ),
    # Of an endpoint that was disabled.
    (
        re.compile(r"it has failed for five days without one success: (?P<why>.+)"),
        N_("It has failed for five days without a single success. %(why)s"),
    ),
)


def reason(said: str) -> Sentence:
    """Return what was said as a sentence that can be translated."""
    return known_reason(said) or Sentence("%(said)s", {"said": said})


def known_reason(said: str) -> Sentence | None:
    """Return what was said as a sentence that can be translated; None if it is not known here."""
    for pattern, text in _KNOWN:
        found = pattern.fullmatch(said)
        if found is not None:
            values: dict[str, object] = dict(found.groupdict())
            if "why" in values:
                values["why"] = reason(str(values["why"]))
            return Sentence(text, values)
    return None
