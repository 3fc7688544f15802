# The way to the host on WebAssembly: a device file, behind which the worker's thread waits.
import os
from functools import partial

WHERE = " on WebAssembly"
IS_READ = True  # the host looks into the memory of the interpreter
FULL = (51,)  # WASI's ENOSPC
FILES = "128 MB and 10,000 names"


def connect():
    """(read, write): of the message that answers what was written last; one message each, which leaves with the next read."""
    handle = os.open("/dev/rlm", os.O_RDWR)
    return partial(os.read, handle), partial(os.write, handle)


def stray():
    """(text, how much more) of each stream that was written to past sys.stdout; here that is an error."""
    return ()


def limit_memory(_size):
    """The worker's thread does it."""
