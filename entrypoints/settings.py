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
    phone_region: str = Field(
        default="RU",
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166 code of the country of phone numbers that come without a code.",
    )

    @property
    def shown_database_url(self) -> str:
        """The database's URL without its password."""
        return make_url(self.database_url).render_as_string(hide_password=True)
