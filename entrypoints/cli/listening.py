"""Where a server listens: if it cannot, a sentence says so before anything starts."""

import errno
import os
import socket


def require_listenable(host: str, port: int) -> int:
    """Make sure that a server can listen there.

    Returns:
        The port; a free one for 0, so that people can be told which.

    Raises:
        ValueError: it cannot; the message says why, and what to do.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise ValueError(f"no address is known for --host {host}; {_HOSTS}.") from error
    for family, kind, protocol, _, address in found:
        try:
            probe = socket.socket(family, kind, protocol)
        except OSError:
            # A kernel without IPv6 still names such addresses; servers skip them as well.
            continue
        with probe:
            port = _bind(probe, (address[0], port, *address[2:]), host)
    return port


def _bind(probe: socket.socket, address: tuple[str | int, ...], host: str) -> int:
    # As servers do: one that has just ended must not block its successor.
    if os.name == "posix":
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if probe.family == socket.AF_INET6:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        probe.bind(address)
    except OSError as error:
        raise ValueError(_reason(error, host, address[1])) from error
    port: int = probe.getsockname()[1]
    return port


def _reason(error: OSError, host: str, port: str | int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use; stop what listens there, or choose another port "
            "with --port (for make: PORT=8001)."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is not an address of this machine; {_HOSTS}."
    if error.errno == errno.EACCES:
        return (
            f"port {port} of {host} may be opened only by an administrator; choose 1024 or higher "
            "with --port (for make: PORT=8001)."
        )
    return f"nothing can listen on port {port} of {host}: {error.strerror}."


_HOSTS = "name 127.0.0.1 for this machine only, 0.0.0.0 for all networks, or one of its addresses"
