# Refuses system calls that no analysis needs and that kernels have been broken by: mounts, namespaces, keys, other
# processes' memory, programs in the kernel. A filter of this process, of all that it starts, and for good.
import ctypes
import errno
import os
import struct
import sys

# Number of each call by the machine's name. Source: the kernel's tables of calls.
CALLS = {
    "x86_64": (0xC000003E, 56, (
        101, 103, 153, 155, 161, 163, 165, 166, 167, 168, 169, 170, 171, 172, 173, 175, 176, 179, 246, 248, 249, 250, 272,
        298, 303, 304, 308, 310, 311, 312, 313, 320, 321, 323)),
    "aarch64": (0xC00000B7, 220, (
        39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 116, 117, 142, 161, 162, 217, 218, 219, 224, 225, 241, 264, 265, 268,
        270, 271, 272, 273, 280, 282, 294)),
}
# The same on both: io_uring, the newer calls of mounting, pidfd_getfd.
NEWER = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442)
CLONE3 = 435
NEW_NAMESPACES = 0x7E020000
OTHER_ABI = 0x40000000  # of x32 calls
LOAD, MASK, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # of 32 bits
NUMBER, MACHINE, FLAGS = 0, 4, 16  # where struct seccomp_data has them
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
SET_NO_NEW_PRIVILEGES, SET_FILTER, FILTER_MODE = 38, 22, 2


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


def refuse_calls():
    """Whether they are refused from here on; no other machine is known."""
    known = CALLS.get(os.uname().machine) if sys.platform == "linux" else None
    if known is None:
        return False
    steps = b"".join(struct.pack("=HBBI", *step) for step in list_steps(*known))
    held = ctypes.create_string_buffer(steps, len(steps))
    program = Program(len(steps) // 8, ctypes.cast(held, ctypes.c_void_p))
    control = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_FILTER, FILTER_MODE, ctypes.byref(program), 0, 0)):
        if control(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "the filter of system calls was not taken")
    return True


def list_steps(machine, clone, refused):
    """(operation, steps to go on if so, if not, operand): each match returns at once."""
    yield LOAD, 0, 0, MACHINE
    yield EQUAL, 1, 0, machine
    yield RETURN, 0, 0, REFUSE | errno.EPERM
    yield LOAD, 0, 0, NUMBER
    yield AT_LEAST, 0, 1, OTHER_ABI
    yield RETURN, 0, 0, REFUSE | errno.EPERM
    for number in (*refused, *NEWER):
        yield EQUAL, 0, 1, number
        yield RETURN, 0, 0, REFUSE | errno.EPERM
    yield EQUAL, 0, 1, CLONE3  # its flags are out of sight: libraries then use the older call
    yield RETURN, 0, 0, REFUSE | errno.ENOSYS
    yield EQUAL, 0, 4, clone
    yield LOAD, 0, 0, FLAGS
    yield MASK, 0, 0, NEW_NAMESPACES
    yield EQUAL, 1, 0, 0
    yield RETURN, 0, 0, REFUSE | errno.EPERM
    yield RETURN, 0, 0, ALLOW
