"""Settings: from the environment, each as FAIRLEAD_<NAME>."""

import re
from ipaddress import IPv4Network
from typing import Final

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

OWN_PATHS: Final = frozenset(
    {"v1", "console", "docs", "openapi.json", "static", "healthz", "readyz", "metrics"}
)
"""First parts of the paths that the service uses itself."""
_STEP: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")

_ORIGIN: Final = re.compile(r"(https?)://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
_USUAL: Final = {"http": "80", "https": "443"}
"""The port that an origin of this scheme does not name."""


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(env_prefix="FAIRLEAD_", frozen=True, extra="forbid")

    database_url: str = Field(
        default="sqlite:///fairlead.db",
        description="sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME, or memory:// "
        "for a storage that ends with the process.",
    )
    read_database_url: str | None = Field(
        default=None,
        description="A replica of the database, for lists and statistics; it is only read.",
    )
    phone_region: str = Field(
        default="RU",
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166 code of the country assumed for phone numbers without a code.",
    )

    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses and networks, separated by commas, of the proxies whose "
        "X-Forwarded-For says who calls.",
    )

    root_path: str = Field(
        default="/",
        validate_default=True,
        description="The path that the service is served under on its host, such as /fairlead.",
    )

    rate_limit: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,6}/[smh]$",
        description="Calls that each key may make in each process, such as 100/s, 1000/m or "
        "20000/h; no limit if not set.",
    )

    cors_origins: str | None = Field(
        default=None,
        description="Origins, separated by commas, of pages that may call the API from a browser, "
        "such as https://crm.example.com; none if not set.",
    )

    keep_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="Days after which a closed contact is removed, every night at 03:00; kept "
        "forever if not set.",
    )

    event_days: int = Field(
        default=30,
        ge=1,
        le=3_650,
        description="Days for which the event log is kept.",
    )

    endpoint_hosts: str | None = Field(
        default=None,
        description="Names, addresses and networks, separated by commas, that webhooks may be sent "
        "to although they are not public, also by plain http.",
    )

    deliveries: bool = Field(
        default=True,
        description="Whether this process delivers events to endpoints; off for a copy of a "
        "database, which has the same endpoints.",
    )

    @field_validator("root_path")
    @classmethod
    def _plain_path(cls, value: str) -> str:
        """Return the path as a prefix of links: `/fairlead`, or an empty string for the root."""
        steps = [each for each in value.strip().split("/") if each]
        if not all(map(_STEP.fullmatch, steps)):
            raise PydanticCustomError(
                "root_path", "write it as /fairlead: letters, digits and . _ ~ - between slashes"
            )
        if steps and steps[0] in OWN_PATHS:
            raise PydanticCustomError(
                "root_path",
                "the service uses /{first} itself; choose another path",
                {"first": steps[0]},
            )
        return "".join(f"/{each}" for each in steps)

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, value: str | None) -> str | None:
        for each in _listed(value):
            found = _ORIGIN.fullmatch(each)
            if found is None or found[2] == _USUAL[found[1]]:
                raise PydanticCustomError(
                    "cors_origins",
                    "{origin} is not an origin as browsers send it; write each as "
                    "https://crm.example.com, with a port only if it is not the usual one, and "
                    "with no path, no slash at the end and no *",
                    {"origin": each},
                )
        return value

    @property
    def origins(self) -> list[str]:
        """The origins of pages that may call the API from a browser."""
        return _listed(self.cors_origins)

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies, in every form that their addresses can take.

        A dual-stack socket shows 127.0.0.1 as ::ffff:127.0.0.1, and `localhost` may be ::1.
        """
        named = [each.strip() for each in self.trusted_proxies.split(",")]
        return [
            *named,
            *(["::1"] if "127.0.0.1" in named else []),
            *(mapped for each in named if (mapped := _mapped(each)) is not None),
        ]

    @property
    def storage(self) -> str:
        """The kind of storage: memory, sqlite or postgresql."""
        kind = re.split(r"\W", self.database_url, maxsplit=1)[0]
        return "postgresql" if kind == "postgres" else kind

    @property
    def shown_database_url(self) -> str:
        """The database's URL without its password."""
        return _shown(self.database_url)

    @property
    def shown_read_database_url(self) -> str | None:
        """The replica's URL without its password."""
        return None if self.read_database_url is None else _shown(self.read_database_url)


def _listed(origins: str | None) -> list[str]:
    # Browsers send an origin in lower case.
    return [each.strip().lower() for each in (origins or "").split(",") if each.strip()]


def _mapped(proxy: str) -> str | None:
    try:
        network = IPv4Network(proxy)
    except ValueError:
        return None
    return f"::ffff:{network.network_address}/{96 + network.prefixlen}"


def _shown(url: str) -> str:
    # Not parsed: an invalid URL is shown as well, to the person who wrote it.
    without = re.sub(r"^([\w+]+://[^:/@]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", without)
