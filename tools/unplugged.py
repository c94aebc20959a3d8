"""Run a command where no network is but the machine's own, and where every cache is empty.

    python tools/unplugged.py python tutorial.py test

Linux only: the command gets a network namespace of its own, with no interface but loopback.
"""

import contextlib
import ctypes
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # linux/sched.h
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # linux/sockios.h, linux/if.h
CACHES = ("XDG_CACHE_HOME", "HF_HOME", "HF_DATASETS_CACHE", "TORCH_HOME", "MPLCONFIGDIR")
REFUSED = (
    "No namespace of its own: expected a Linux that allows them, got {}. Run it in a container."
)


def unplug() -> None:
    """Leave every network for one that has only loopback.

    Raises:
        OSError: if the system has no such networks, or forbids them here.
    """
    if sys.platform != "linux":
        raise OSError(f"a system called {sys.platform}")
    user, group = os.getuid(), os.getgid()
    with contextlib.suppress(PermissionError):
        return _enter(NEW_NETWORK)
    _enter(NEW_USER | NEW_NETWORK)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _enter(kinds: int) -> None:
    """New namespaces of these kinds for this process and its children, loopback switched on."""
    if ctypes.CDLL(None, use_errno=True).unshare(kinds):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    _switch_on(b"lo")


def _switch_on(interface: bytes) -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", interface, 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, GET_FLAGS, request))
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", interface, flags | UP))


def main(command: list[str]) -> int:
    """Unplug, then run the command; its exit status, or 3 if the system forbids it."""
    if not command:
        print(__doc__)
        return 2
    try:
        unplug()
    except OSError as error:
        print(REFUSED.format(error), file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as empty:
        caches = {name: str(Path(empty, name.lower())) for name in CACHES}
        return subprocess.call(command, env={**os.environ, **caches, "UNPLUGGED": "1"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
