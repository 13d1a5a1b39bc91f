"""Settings: from the environment, each as FAIRLEAD_<NAME>."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url


class Settings(BaseSettings):
    """What can be set from outside."""

    model_config = SettingsConfigDict(env_prefix="FAIRLEAD_", frozen=True, extra="forbid")

    database_url: str = Field(
        default="sqlite:///fairlead.db",
        description="sqlite:///FILE, postgresql+psycopg://USER:PASSWORD@HOST/NAME, or memory:// "
        "for a storage that ends with the process.",
    )
    read_database_url: str | None = Field(
        default=None,
        description="A replica of the database, from which lists and statistics are read; it is "
        "only read.",
    )
    phone_region: str = Field(
        default="RU",
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166 code of the country of phone numbers that come without a code.",
    )

    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses and networks, with commas between them, of the proxies whose "
        "X-Forwarded-For says who calls.",
    )

    rate_limit: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,6}/[smh]$",
        description="Calls that each key may make in each process, such as 100/s, 1000/m or "
        "20000/h; no limit if not set.",
    )

    @property
    def shown_database_url(self) -> str:
        """The database's URL without its password."""
        return _shown(self.database_url)

    @property
    def shown_read_database_url(self) -> str | None:
        """The replica's URL without its password."""
        return None if self.read_database_url is None else _shown(self.read_database_url)


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
