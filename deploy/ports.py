"""Loopback ports for servers that are going to be started: free now, and likely to be so when they are bound.

They come from below the range that the kernel gives to outgoing connections, so that none of those takes one in between.
Processes that run side by side begin far from each other, and a process gives none twice before all were given.
"""

from __future__ import annotations

import os
import socket
import threading

from .processes import StartError

LOWEST, HIGHEST = 20_000, 32_000
_STRIDE = 7417
"""The golden section of the range, and prime: of any forty processes that were started one after the other no two begin nearer
than a hundred and seventy ports to each other."""


def beginning(process: int) -> int:
    """Give where a process begins to look."""
    return LOWEST + process * _STRIDE % (HIGHEST - LOWEST)


_lock = threading.Lock()
_last = beginning(os.getpid())


def free_ports(count: int) -> list[int]:
    """Give neighbouring ports that nothing listens on at this moment.

    Raises:
        OSError: there are none.
    """
    global _last
    with _lock:
        for _ in range(HIGHEST - LOWEST):
            first = _last if _last + count <= HIGHEST else LOWEST
            ports = range(first, first + count)
            taken = next((port for port in ports if not _is_free(port)), None)
            _last = first + count if taken is None else taken + 1
            if taken is None:
                return list(ports)
    raise OSError("no free ports")


def free_port() -> int:
    """Give one."""
    return free_ports(1)[0]


def require_free(port: int, variable: str) -> None:
    """Refuse a loopback port that somebody listens on, on either of its two addresses.

    Raises:
        StartError: names the port and the variable that chooses another one.
    """
    remedy = f"Stop what listens there (ss -ltnp 'sport = :{port}' names it), or choose another: {variable}=... make run"
    if not 0 < port < 65536:
        raise StartError(f"There is no port {port}.", f"Choose one between 1024 and 65000: {variable}=... make run")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as err:
            raise StartError(f"Port {port} is only for root.", f"Choose one above 1023: {variable}=... make run") from err
        except OSError as err:
            raise StartError(f"Port {port} is already in use.", remedy) from err
    try:
        socket.create_connection(("::1", port), timeout=0.2).close()
    except OSError:
        return
    raise StartError(f"Port {port} is already in use on ::1, which browsers try first for localhost.", remedy)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
