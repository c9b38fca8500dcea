"""What a hook must find in microseconds: the socket and the private environment.

Python 3.9, standard library, no imports beyond what the interpreter has already loaded;
`paths` gives everything else through platformdirs.
"""

import os
import sys
from binascii import crc32

SOCKET_NAME = "daemon.sock"
# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_LONGEST_PATH = 100


def data_dir() -> str:
    """As platformdirs.user_data_dir("yomiage") says it; a test compares the two."""
    chosen = os.environ.get("XDG_DATA_HOME", "").strip()
    if chosen:
        return os.path.join(chosen, "yomiage")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/yomiage")
    return os.path.expanduser("~/.local/share/yomiage")


def interpreter() -> str:
    """The private environment's Python; it exists where Yomiage is installed."""
    return os.path.join(data_dir(), "venv", "bin", "python")


def lock_path() -> str:
    """The lock beside the socket: who holds it may bind; it goes last when a daemon leaves."""
    return socket_path() + ".lock"


def muted() -> bool:
    """Whether YOMIAGE_ENABLED mutes the sessions of this environment."""
    return os.environ.get("YOMIAGE_ENABLED", "").strip().lower() in ("0", "false", "off", "no")


def socket_path() -> str:
    """The daemon's socket: in a directory that only this user can enter, with a short path.

    The user's data directory is part of the name, so that another HOME has another daemon.
    """
    chosen = os.environ.get("YOMIAGE_SOCKET", "").strip()
    if chosen:
        return os.path.abspath(chosen)
    home = "yomiage-%08x" % crc32(os.fsencode(data_dir()))
    base = os.environ.get("XDG_RUNTIME_DIR", "").strip()
    if base and os.path.isabs(base):
        path = os.path.join(base, home, SOCKET_NAME)
        if len(os.fsencode(path)) < _LONGEST_PATH:
            return path
    path = os.path.join(data_dir(), "run", SOCKET_NAME)
    if len(os.fsencode(path)) < _LONGEST_PATH:
        return path
    return os.path.join(os.environ.get("TMPDIR") or "/tmp", "%s-%d" % (home, os.getuid()), SOCKET_NAME)


def socket_directory() -> str:
    """The socket's directory, made 0700 where it is ours.

    A directory that the user named by YOMIAGE_SOCKET is made when absent and otherwise left alone (it may
    be /tmp): there the socket's own mode and the check of peer credentials keep others out.
    PermissionError where somebody else made our directory before us.
    """
    path = os.path.dirname(socket_path())
    if os.environ.get("YOMIAGE_SOCKET", "").strip():
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(path)
    # S_IFMT and S_IFDIR, spelt out: `stat` would be one more import in every hook.
    if (found.st_mode & 0o170000) != 0o040000 or found.st_uid != os.getuid():
        raise PermissionError("%s is not a directory of this user's; remove it" % path)
    if found.st_mode & 0o077:
        os.chmod(path, 0o700)
    return path
