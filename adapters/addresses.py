"""Which hosts deliveries may be sent to: public ones, and those that a setting names."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NOT_PUBLIC: Final = (
    # Protocols' own; among them Teredo, which stands for an IPv4 address.
    IPv6Network("2001::/23"),
    # For documents.
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
    # 6to4, which stands for an IPv4 address.
    IPv6Network("2002::/16"),
)
_RELAYS: Final = IPv4Network("192.88.99.0/24")


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to somebody on the internet, whatever it is written in.

    Of IPv6, only what is given out as global unicast: everything else is local, is a multicast, or
    stands for an IPv4 address.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAYS
    return (
        address in _GLOBAL_UNICAST
        and address.scope_id is None
        and address.is_global
        and not any(address in each for each in _NOT_PUBLIC)
    )


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts that may be sent to although they are not public, also without encryption."""

    names: frozenset[str]
    networks: Sequence[IPv4Network | IPv6Network]

    @classmethod
    def parse(cls, text: str) -> "Hosts":
        """Read names, addresses and networks, separated by commas.

        Raises:
            ValueError: one of them is none of these.
        """
        names, networks = set[str](), list[IPv4Network | IPv6Network]()
        for each in filter(None, map(str.strip, text.split(","))):
            try:
                networks.append(ip_network(each))
            except ValueError:
                if "/" in each or ":" in each or not each.isascii() or " " in each:
                    raise ValueError(
                        f"{each!r} is no name, address or network; write a name such as "
                        "hooks.internal, an address such as 10.0.0.5, or a network such as "
                        "10.0.0.0/8 whose last bits are 0"
                    ) from None
                names.add(each.lower().rstrip("."))
        return cls(frozenset(names), networks)

    def name(self, host: str, address: Address) -> bool:
        """Tell whether the setting names a host, or the address that it has."""
        return host.lower().rstrip(".") in self.names or any(
            address in each for each in self.networks if each.version == address.version
        )

    def permit(self, host: str, address: Address) -> bool:
        """Tell whether a message may be sent to a host at an address."""
        return self.name(host, address) or is_public(address)


def literal(host: str) -> Address | None:
    """Return the address that a host of a URL spells out; None if it is a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
