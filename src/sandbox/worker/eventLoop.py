# asyncio without sockets or threads: a loop whose only waiting is for the next timer.
import sys
from importlib.machinery import PathFinder

from failures import awaited

sleep_host = None
step = None  # the coroutine of an awaiting step


def install(sleep):
    """Makes every later `import asyncio` use the loop below; gives what time.sleep is to be."""
    global sleep_host
    sleep_host = sleep
    sys.meta_path.insert(0, Finder())
    return sleep


class Finder:
    """Finds asyncio once, and gives it a loader that sets the policy after the import."""

    def find_spec(self, name, path=None, target=None):
        if name != "asyncio":
            return None
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = PolicyLoader(spec.loader)
        return spec


class PolicyLoader:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.inner.exec_module(module)
        module.set_event_loop_policy(create_policy(module))


def create_policy(asyncio):
    class Timers:
        """Stands in for a selector: there are no file descriptors, only time."""

        def __init__(self, loop):
            self.loop = loop

        def select(self, timeout):
            try:
                if timeout is None:
                    raise RuntimeError(
                        "the coroutines wait for each other and nothing can wake them: a deadlock")
                if timeout > 0:
                    sleep_host(timeout)
            except BaseException:
                note_line()
                raise
            return []

        def close(self):
            pass

    class Loop(asyncio.base_events.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self._selector = Timers(self)

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            pass

        def run_in_executor(self, executor, function, *args):
            """No threads here: the call is made at once."""
            future = self.create_future()
            try:
                future.set_result(function(*args))
            except Exception as error:
                future.set_exception(error)
            return future

        async def shutdown_default_executor(self, timeout=None):
            pass

    class Policy(asyncio.events.BaseDefaultEventLoopPolicy):
        _loop_factory = Loop

    return Policy()


def note_line():
    """Where the step waits: its frames are no part of what a failing event loop raises."""
    waiting, file = step, None
    while getattr(waiting, "cr_frame", None) is not None:
        frame = waiting.cr_frame
        file = file or frame.f_code.co_filename
        if frame.f_code.co_filename == file:
            awaited[file] = frame.f_lineno
        waiting = waiting.cr_await


def run(coroutine):
    """Runs an awaiting step to its end."""
    global step
    import asyncio

    awaited.clear()
    step = coroutine
    try:
        return asyncio.run(coroutine)
    finally:
        step = None
