# The first process of a place where code runs: starts the interpreter and another when that has ended, and carries
# frames between it and the host. On stdin and stdout: 1 byte channel, 4 bytes length, body.
#   channel 0  JSON. From the host: {"op":"interrupt"}, {"op":"endCommand"}, {"op":"restart"}, {"op":"limit","bytes":…}.
#              To it: {"event":"started","filtered":…}, {"event":"ended","why":…}
#   channel 1  the interpreter: to it bytes as its device reads them, from it one message a frame
#   channel 2  JSON. Operations on files and commands of the shell, one at a time, and their answers: files.py, shell.py
#   channel 3  connections of its loopback port, where the place has a way out: network.py
# It keeps nothing of a session, and ends when the host closes its input.
import json
import marshal
import os
import secrets
import select
import shutil
import signal
import stat
import struct
import sys
import threading
import time

HEADER = struct.Struct(">BI")
MAX_MESSAGE = 65 * 2**20
WATCH_SECONDS = 0.25
TAKE_SECONDS = 10  # in which an interpreter has to take something of what it is told: it waits for it
BEGIN_SECONDS = 25  # and one that has just been started
MAX_TASKS = 256
MAX_NAMES = 100_000
PAGE = os.sysconf("SC_PAGE_SIZE")
IS_FIRST = os.getpid() == 1  # of a process namespace of its own: all other processes in it are the session's
ADOPT_ORPHANS = 36  # of prctl
STOP_PASSES = 1_000
INTERRUPTED_SECONDS = 2  # in which what an interrupted step had started is ended without its interpreter
MAX_ENDS = 40  # of a command at as many looks: what is killed takes its time to go


def run(sources, start, options):
    if options["interpreter"] == "node":
        codes = json.dumps(sources).encode()
    else:
        codes = marshal.dumps([(name, compile(text, f"/rlm/{name}.py", "exec", dont_inherit=True))
                               for name, text in sources.items()])
    Supervisor(b"%16d%b" % (len(codes), codes), start, options).serve()


def find_program(options):
    """The interpreter; Node is looked for where the code would find it."""
    if options["interpreter"] != "node":
        return sys.executable
    named = options["program"]
    found = shutil.which(named, path=options["environment"]["PATH"])
    if found is None:
        sys.exit(f"there is no {named} here, which runs JavaScript")
    return found


class Supervisor:
    def __init__(self, modules, start, options):
        self.modules, self.start, self.options = modules, start, options
        self.program, self.is_node = find_program(options), options["interpreter"] == "node"
        self.sending = threading.Lock()
        self.max_bytes, self.command, self.interrupted = None, None, None
        self.spawning = threading.Lock()  # held until what has been started is known to whoever waits for its end
        folder, roots = options["folder"], [one for one in options["folders"] if one == "/tmp"]
        self.files = Files(folder, roots)  # noqa: F821  (of files.py, which bootstrap.py puts before this)
        self.input, self.output = os.dup(0), os.dup(1)
        null = os.open("/dev/null", os.O_RDWR)
        for file in (0, 1):
            os.dup2(null, file)
        self.finds_all = IS_FIRST or options["processes"] == "descendants" and adopt_orphans()
        if sys.platform == "linux" and not self.finds_all:
            sys.exit("the first process of this place is another one")  # what code starts could not be found and ended
        self.apply_limits()
        self.is_filtered = refuse_calls()  # noqa: F821  (of systemCalls.py, which bootstrap.py puts before this)
        # of network.py, which bootstrap.py puts before this
        self.network = Forward(self.send) if options["network"] else None  # noqa: F821
        self.begin()
        if self.finds_all:
            threading.Thread(target=self.watch, daemon=True).start()

    def apply_limits(self):
        import resource

        for name, value in self.options["limits"].items():
            number = getattr(resource, name, None)
            if number is not None:
                _, most = resource.getrlimit(number)
                value = value if most < 0 else min(value, most)
                resource.setrlimit(number, (value, value))

    def serve(self):
        try:
            while True:
                channel, size = HEADER.unpack(read_exactly(self.input, HEADER.size))
                body = read_exactly(self.input, size)
                if channel == 1:
                    self.files.abandon()
                    self.tell(body)
                elif channel == 2:
                    self.file(json.loads(body))
                elif channel == 3:
                    self.network.take(body)
                else:
                    self.obey(json.loads(body))
        except EOFError:
            self.kill_all(self.group)  # the host is gone

    def obey(self, message):
        op = message["op"]
        if op == "interrupt":
            self.interrupt()
        elif op == "endCommand":
            if self.command:
                self.command.end("it was ended", self.group)
        elif op == "limit":
            self.max_bytes = message["bytes"]
        elif op == "restart":
            self.kill_all(self.group)
            self.waiter.join()
            if self.command:
                self.command.thread.join()  # its answer goes to the worker that asked
            for file in (self.back, self.to):
                os.close(file)
            self.begin()

    def interrupt(self):
        self.interrupted = time.monotonic()
        if not self.is_node:
            interrupt(self.group)
            return
        self.tell(b"%16d%16d" % (0, 0))  # its thread that reads knows when it may be ended
        if self.finds_all:
            signal_all({number for number, state in list_descendants() if number != self.group and state not in "ZX"},
                       signal.SIGINT)

    def file(self, asked):
        if asked["kind"] == "shell":
            self.files.abandon()
            self.run_command(asked)
        else:
            self.answer(asked, self.files.answer(asked))

    def run_command(self, asked):
        with self.spawning:
            try:
                if not self.has_waiter:
                    raise OSError("the interpreter has ended")
                # of shell.py, which bootstrap.py puts before this
                self.command = Command(asked, self.options, lambda answer: self.answer(asked, answer))  # noqa: F821
            except (OSError, ValueError) as error:
                refused = {"kind": "refused", "reason": "failed", "message": f"no shell could be started: {error}"}
                self.answer(asked, refused)
                return
        self.command.thread.start()

    def answer(self, asked, answer):
        self.send(2, json.dumps({"kind": "filed", "id": asked["id"], "answer": answer}).encode())

    def begin(self):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        os.set_blocking(self.to, False)
        self.why, self.max_bytes, self.has_waiter = None, None, True
        flag = "-e" if self.is_node else "-c"
        arguments = [self.program, *self.options["flags"], flag, self.start, str(to_read), str(to_write)]
        # Node cannot put another file in the place of a standard stream.
        streams = [open_stray(self.options["folder"]) for _ in range(2)] if self.is_node else []
        self.group = spawn(arguments, self.options, (to_read, to_write), streams)
        for file in (to_read, to_write, *streams):
            os.close(file)
        self.send(0, json.dumps({"event": "started", "filtered": self.is_filtered}).encode())
        self.reader = threading.Thread(target=self.forward, args=(self.back,), daemon=True)
        self.waiter = threading.Thread(target=self.wait, args=(self.group,), daemon=True)
        self.reader.start()
        self.waiter.start()
        self.tell(self.modules, BEGIN_SECONDS)

    def forward(self, file):
        try:
            while True:
                size = int(read_exactly(file, 16))
                if size > MAX_MESSAGE:
                    break
                self.send(1, read_exactly(file, size))
        except (EOFError, ValueError, OSError):
            pass  # it has ended, or is no longer to be trusted
        self.kill_all(self.group)

    def wait(self, group):
        """Until the interpreter has ended; what it started ends with it."""
        while True:
            number, status = os.waitpid(-1, 0)
            if number == group:
                break
            with self.spawning:
                command = self.command
            if command and number == command.group and not command.over.is_set():
                self.finish(command, status)
        with self.spawning:
            self.has_waiter = False
        self.kill_all(group)
        self.reader.join()
        reap()
        if self.command and not self.command.over.is_set():
            self.command.reaped(-signal.SIGKILL)  # with all others
        code = os.waitstatus_to_exitcode(status)
        why = self.why or (f"signal {-code}" if code < 0 else f"code {code}")
        self.send(0, json.dumps({"event": "ended", "why": why}).encode())

    def finish(self, command, status):
        """What a command has left running ends with it."""
        if not (command.kill(self.group) and command.is_gone(self.group)):
            self.why = self.why or "a command of its shell started processes without end"
            self.kill_all(self.group)
        command.reaped(os.waitstatus_to_exitcode(status))

    def watch(self):
        """Memory and processes of all that the session has started, which no limit of one process bounds."""
        try:
            while True:
                time.sleep(WATCH_SECONDS)
                self.look()
        except BaseException as error:  # code that nobody watches must not go on
            print(f"its processes cannot be watched: {error!r}", file=sys.stderr, flush=True)
            self.kill_all(self.group)
            os._exit(1)

    def look(self):
        command = self.command
        if command and command.over.is_set():
            command = None
        if IS_FIRST and len(list_numbers()) > MAX_TASKS:  # looking into each takes long where so many want to run
            self.end_for("it had started too many processes", command)
            return
        processes = list_processes()
        if self.count_names() > MAX_NAMES:
            self.end_for("it had made too many files", command)
            for folder in self.options["folders"]:
                clear(folder)
        elif sum(tasks for _, tasks, _ in processes) > MAX_TASKS:
            self.end_for("it had started too many processes", command)
        elif self.max_bytes is not None and (
                sum(size for _, _, size in processes) > self.max_bytes and count_shared(processes) > self.max_bytes):
            self.end_for("its processes took more than max_memory_mb", command)

    def count_names(self):
        """Of files: where they are kept in memory, names take memory that no limit of a process bounds."""
        states = [os.statvfs(folder) for folder in self.options["folders"]]
        return max((state.f_files - state.f_ffree for state in states), default=0)

    def end_for(self, why, command):
        if command and command.ends < MAX_ENDS:  # first what may be spared most
            if not command.over.is_set():  # else what was counted has just gone
                command.end(why, self.group)
            return
        if self.interrupted is not None and time.monotonic() - self.interrupted < INTERRUPTED_SECONDS:
            # What the step had started takes its time to go, and must not cost the next step its variables.
            signal_all([int(number) for number in list_numbers() if int(number) != self.group], signal.SIGKILL)
            return
        self.why = self.why or why
        self.kill_all(self.group)

    def kill_all(self, group):
        """All but this process; where others live beside it that are not to be found, the interpreter's group."""
        if self.finds_all and not IS_FIRST:
            kill_descendants()
            return
        try:
            if IS_FIRST:
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # nobody is left

    def tell(self, body, seconds=None):
        """One that does not read is ended: what the host says after this, as an interrupt, must not wait for it."""
        view = memoryview(body)
        poll = select.poll()
        poll.register(self.to, select.POLLOUT)
        try:
            while view:
                if not poll.poll(1000 * (TAKE_SECONDS if seconds is None else seconds)):
                    self.why = self.why or "it did not take what it was told"
                    self.kill_all(self.group)
                    return
                view = view[self.write_some(view):]
        except OSError:
            pass  # it has ended; the host is told so

    def write_some(self, view):
        try:
            return os.write(self.to, view)
        except BlockingIOError:
            return 0

    def send(self, channel, body):
        with self.sending:
            for part in (HEADER.pack(channel, len(body)), body):
                view = memoryview(part)
                while view:
                    view = view[os.write(self.output, view):]


def spawn(arguments, options, files, streams):
    """The number of a process that leads a session of its own."""
    for file in files:
        os.set_inheritable(file, True)
    os.chdir(options["folder"])
    actions = [(os.POSIX_SPAWN_DUP2, file, number) for number, file in enumerate(streams, 1)]
    return os.posix_spawn(arguments[0], arguments, options["environment"], file_actions=actions, setsid=True)


def open_stray(folder):
    """A file without a name, for what programs and libraries write to a standard stream."""
    path = os.path.join(folder, f".stream-{secrets.token_hex(8)}")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.unlink(path)
    return file


def interrupt(group):
    try:
        os.killpg(group, signal.SIGINT)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended


def adopt_orphans():
    """From here on whatever descends from this process stays below it, also when its parent has ended."""
    import ctypes

    return ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0) == 0


def kill_descendants():
    """Stops them first, until no new one is found: what is stopped starts no other."""
    stopped = set()
    for _ in range(STOP_PASSES):
        found = {number for number, state in list_descendants() if state not in "ZX"}
        if not found:
            return
        if found <= stopped:
            signal_all(found, signal.SIGKILL)
            time.sleep(0.001)
        signal_all(found - stopped, signal.SIGSTOP)
        stopped |= found
    os._exit(1)  # they cannot be had under control: the place is given up


def signal_all(numbers, what):
    for number in numbers:
        try:
            os.kill(number, what)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended


def list_descendants():
    """(number, state) of all processes below this one."""
    children = {}
    for number in os.listdir("/proc"):
        if number.isdecimal():
            try:
                with open(f"/proc/{number}/stat", "rb") as file:
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
                children.setdefault(int(parent), []).append((int(number), state.decode()))
            except (OSError, ValueError):
                pass  # it has ended
    found, ahead = [], [os.getpid()]
    while ahead:
        below = children.pop(ahead.pop(), [])
        found += below
        ahead += [number for number, _ in below]
    return found


def reap():
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass  # nobody is left


def clear(folder):
    """Empties it without walking down, since folders may be deeper than a walk or a path can be: each moves up first."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        for name in list_names(here):
            path = os.path.join(here, name)
            try:
                if not stat.S_ISDIR(os.lstat(path).st_mode):
                    os.unlink(path)
                    continue
                os.chmod(path, 0o700)  # code may have closed it to its own user
                moved = os.path.join(folder, f".cleared-{secrets.token_hex(8)}")
                os.rename(path, moved)
                waiting.append(moved)
            except OSError:
                pass  # it is gone
        if here != folder:
            try:
                os.rmdir(here)
            except OSError:
                pass  # code goes on to fill it: it is emptied next time


def list_names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []  # it is gone


def list_processes():
    """(number, threads, bytes in memory) of all of the session's."""
    found = []
    for number in list_numbers():
        try:
            with open(f"/proc/{number}/statm", "rb") as file:
                size = int(file.read().split()[1]) * PAGE
            found.append((number, len(os.listdir(f"/proc/{number}/task")), size))
        except (OSError, IndexError):
            pass  # it has ended
    return found


def list_numbers():
    if not IS_FIRST:
        return [str(number) for number, _ in list_descendants()]
    own = str(os.getpid())
    return [number for number in os.listdir("/proc") if number.isdecimal() and number != own]


def count_shared(processes):
    """Bytes in memory, with what processes share counted once."""
    total = 0
    for number, _, size in processes:
        try:
            with open(f"/proc/{number}/smaps_rollup", "rb") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss:"))
        except OSError:
            total += size  # it lets nobody look
    return total


def read_exactly(file, size):
    parts = []
    while size:
        data = os.read(file, min(size, 2**20))
        if not data:
            raise EOFError
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
