# The way to the host on a system's own Python: two pipes, whose other ends its supervisor holds. To the guest:
# 16 digits each of the length of a JSON text and of the raw bytes after it. From the guest: 16 digits and JSON.
import errno
import os
import sys
from _signal import SIG_BLOCK, SIG_UNBLOCK, SIGINT, pthread_sigmask
from _thread import get_ident

try:
    from resource import RLIMIT_DATA, getrlimit, setrlimit
except ImportError:  # no limit, no system that has none of them
    RLIMIT_DATA = None

WHERE = " on " + sys.platform
IS_READ = False  # what the host would see in memory is looked at here
FULL = errno.ENOSPC, errno.EFBIG
FILES = "512 MB and 100,000 names"
MAX_MESSAGE = 64 * 2**20  # more than a step may answer with
MAX_STRAY = 4 * 2**20
ROOM = 2 * 2**20  # what a session gets beyond its cap, at a time and in all, to let go of what fills it
ALL_ROOM = 16 * 2**20

from_host, to_host = int(sys.argv[1]), int(sys.argv[2])
sys.argv[:] = [""]
os_read, os_write, get_pid = os.read, os.write, os.getpid
own_process, own_thread = get_pid(), get_ident()
unsent = None  # one message; it leaves when the guest waits for its answer
told = b""  # of the message that came, what is yet to be read
raw_left = 0  # bytes after it that are still in the pipe
room_left = ALL_ROOM


def connect():
    return read, write


def read_exactly(size):
    parts = []
    while size:
        data = os_read(from_host, min(size, 2**20))
        if not data:
            os._exit(0)  # the supervisor is gone
        parts.append(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def drop_raw():
    global raw_left
    while raw_left:
        raw_left -= len(os_read(from_host, min(raw_left, 2**20))) or os._exit(0)


def exchange():
    """Sends the message and waits for its answer. An interrupt waits too: half an answer is none."""
    global unsent, told, raw_left
    pthread_sigmask(SIG_BLOCK, (SIGINT,))
    try:
        drop_raw()
        data, unsent = unsent, None
        view = memoryview(b"%16d%b" % (len(data), data))
        while view:
            view = view[os_write(to_host, view):]
        head = read_exactly(32)
        told = b"%16d" % int(head[:16]) + read_exactly(int(head[:16]))
        raw_left = int(head[16:])
    finally:
        pthread_sigmask(SIG_UNBLOCK, (SIGINT,))


def read(size):
    """Of the message that answers what was written last."""
    global told, raw_left
    if unsent is not None:
        exchange()
    if told:
        part, told = told[:size], told[size:]
        return part
    part = (os_read(from_host, min(size, raw_left, 2**20)) or os._exit(0)) if raw_left else b""
    raw_left -= len(part)
    return part


def write(data):
    """One message, in place of one that was not yet sent."""
    global unsent, told, room_left
    if get_pid() != own_process or get_ident() != own_thread:
        raise RuntimeError("the host can be asked from the main thread of the session only: llm_query_batched and "
                           "rlm_query_batched ask many prompts at once")
    if data == b"room":
        grow_memory(min(ROOM, room_left))
        room_left -= min(ROOM, room_left)
        return len(data)
    if len(data) > MAX_MESSAGE:
        raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
    unsent, told = bytes(data), b""
    return len(data)


def open_stray(number):
    """What programs and foreign libraries write to a standard stream goes to a file without a name."""
    path = os.path.join(os.environ["TMPDIR"], f".stream{number}")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    os.unlink(path)
    os.dup2(file, number)
    return file


kept = open_stray(1), open_stray(2)


def stray():
    """(text, how much more) of each stream that was written to past sys.stdout."""
    return tuple(map(take, kept))


def take(file):
    size = os.fstat(file).st_size
    if not size:
        return "", 0
    text = os.pread(file, MAX_STRAY, 0).decode("utf-8", "replace")
    os.ftruncate(file, 0)
    return text, max(size - MAX_STRAY, 0)


def limit_memory(size):
    """What this process may take on top of what it has; None: as much as there is, while a context loads."""
    if RLIMIT_DATA is not None:
        _, most = getrlimit(RLIMIT_DATA)
        setrlimit(RLIMIT_DATA, (most if size is None else capped(held() + size, most), most))


def grow_memory(size):
    if RLIMIT_DATA is not None:
        now, most = getrlimit(RLIMIT_DATA)
        if now >= 0:
            setrlimit(RLIMIT_DATA, (capped(now + size, most), most))


def capped(size, most):
    return size if most < 0 else min(size, most)


def held():
    """Bytes of the data of this process, as the system counts them against the limit."""
    try:
        with open("/proc/self/status", "rb") as file:
            line = next(line for line in file if line.startswith(b"VmData:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        return 0
