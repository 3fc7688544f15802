# One command of a place's shell, and the end of all that it has started.
import os
import selectors
import signal
import sys
import threading
import time

STOP_ROUNDS = 200
GONE_ROUNDS = 500  # of 10 ms, in which what was killed gives up its memory


class Command:
    """Runs beside the interpreter, which waits. `on_end` hears once that it is over, with its answer."""

    def __init__(self, asked, options, on_end):
        self.asked, self.on_end = asked, on_end
        self.ended_by, self.status, self.ends = None, None, 0
        self.over = threading.Event()
        self.before = set(list_starts())
        os.chdir(options["folder"])
        reads, writes = [], [os.open("/dev/null", os.O_RDONLY)]
        try:
            for _ in range(2):
                read, write = os.pipe()
                reads.append(read)
                writes.append(write)
            actions = [(os.POSIX_SPAWN_DUP2, file, number) for number, file in enumerate(writes)]
            self.group = os.posix_spawn("/bin/sh", ["/bin/sh", "-c", asked["command"]], options["environment"],
                                        file_actions=actions, setsid=True)
        except BaseException:  # what was opened for it would be missing in the end
            for file in reads:
                os.close(file)
            raise
        finally:
            for file in writes:
                os.close(file)
        self.outputs = [Output(read, asked["maxOutputChars"]) for read in reads]
        self.thread = threading.Thread(target=self.follow, daemon=True)

    def follow(self):
        with selectors.DefaultSelector() as selector:
            for output in self.outputs:
                selector.register(output.file, selectors.EVENT_READ, output)
            while selector.get_map():
                for key, _ in selector.select():
                    if not key.data.take():
                        selector.unregister(key.fileobj)
                        os.close(key.fileobj)
        self.over.wait()
        code = 128 - self.status if self.status < 0 else self.status
        out, err = self.outputs
        self.on_end({"kind": "shell", "stdout": out.text(), "stderr": err.text(), "exitCode": code, "endedBy": self.ended_by,
                     "droppedBytes": {"stdout": out.dropped, "stderr": err.dropped},
                     "replaced": {"stdout": out.replaced, "stderr": err.replaced}})

    def end(self, why, interpreter):
        self.ended_by, self.ends = self.ended_by or why, self.ends + 1
        self.kill(interpreter)

    def kill(self, interpreter):
        """Everything that it has started, also what has left its group; True when nothing is left, False where it starts others too fast."""
        if sys.platform != "linux":
            signal_to(-self.group, signal.SIGKILL)
            return True
        if os.getpid() == 1:
            self.kill_here(interpreter)
            return True
        found = set()
        for _ in range(STOP_ROUNDS):  # first all are stopped: what stands still starts no other
            started = self.list_started(interpreter)
            if found.issuperset(started):
                break
            found.update(started)
            for number in started:
                signal_to(number, signal.SIGSTOP)
        else:
            return False
        for number in found:
            signal_to(number, signal.SIGKILL)
        return True

    def kill_here(self, interpreter):
        """In a process namespace of its own: one call stops all at once, however fast they start others. What the session's
        code has stopped itself goes on, too."""
        signal_to(-1, signal.SIGSTOP)
        started = set(self.list_started(interpreter))
        for number in started:
            signal_to(number, signal.SIGKILL)
        for number, _, _ in list_running():
            if number not in started:
                signal_to(number, signal.SIGCONT)

    def is_gone(self, interpreter):
        """Waits for what was killed: until then it counts as what the session holds."""
        for _ in range(GONE_ROUNDS if sys.platform == "linux" else 0):
            if not self.list_started(interpreter):
                return True
            time.sleep(0.01)
        return sys.platform != "linux"

    def list_started(self, interpreter):
        """All below this process that were not there before it, but what the interpreter has started since."""
        running = {number: (parent, start) for number, parent, start in list_running()}
        own = os.getpid()
        return [number for number, (_, start) in running.items()
                if number != own and (number, start) not in self.before and descends(number, own, running)
                and not descends(number, interpreter, running)]

    def reaped(self, status):
        self.status = status
        self.over.set()


class Output:
    """Keeps the first bytes and counts the rest."""

    def __init__(self, file, room):
        self.file, self.room, self.dropped, self.replaced, self.parts = file, room, 0, False, []

    def take(self):
        data = os.read(self.file, 2**16)
        kept = data[: self.room]
        self.room -= len(kept)
        self.dropped += len(data) - len(kept)
        self.parts.append(kept)
        return bool(data)

    def text(self):
        data = b"".join(self.parts)
        if self.dropped:  # the cut may have gone through a character
            whole = data.decode("utf-8", "ignore").encode("utf-8") if is_cut(data) else data
            self.dropped += len(data) - len(whole)
            data = whole
        text = data.decode("utf-8", "replace")
        self.replaced = text.encode("utf-8") != data
        return text


def is_cut(data):
    """Whether only the last character is not whole."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end == len(data)
    return False


def list_running():
    """(number, parent, start) of all but those that have ended and wait to be reaped."""
    for number in os.listdir("/proc"):
        if number.isdecimal():
            try:
                with open(f"/proc/{number}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()  # a name may hold anything
            except OSError:
                continue  # it has ended
            if fields[0] not in (b"Z", b"X"):
                yield int(number), int(fields[1]), fields[19]


def list_starts():
    return [(number, start) for number, _, start in list_running()] if sys.platform == "linux" else []


def signal_to(number, what):
    try:
        os.kill(number, what)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended


def descends(number, ancestor, running):
    while number in running and number != ancestor:
        number = running[number][0]
    return number == ancestor
