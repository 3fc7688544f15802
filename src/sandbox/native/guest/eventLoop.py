# asyncio as the system has it: threads, programs and timers work, and an interrupt ends what is awaited.
import time

from failures import awaited


def install(_sleep):
    """Gives what time.sleep is to be: the system's own can be interrupted here."""
    return time.sleep


def run(coroutine):
    """Runs an awaiting step to its end."""
    import asyncio

    awaited.clear()
    try:
        return asyncio.run(coroutine)
    except KeyboardInterrupt as error:
        note_line(error.__context__, coroutine.cr_code.co_filename)
        raise


def note_line(error, file):
    """Where the step waited: its frames are those of the cancelled task, not of the interrupt."""
    trail = getattr(error, "__traceback__", None)
    while trail is not None:
        if trail.tb_frame.f_code.co_filename == file:
            awaited[file] = trail.tb_lineno
        trail = trail.tb_next
