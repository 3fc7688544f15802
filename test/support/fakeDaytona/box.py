# The daemon of a fake sandbox, as far as files and terminals go: asked in lines of JSON on stdin, answers on stdout.
import base64
import fcntl
import json
import os
import pty
import queue
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

READ = 32 * 1024
resource.setrlimit(resource.RLIMIT_NPROC, (192, 192))
sending = threading.Lock()
terminals = {}
sessions = {}
sockets = {}


def say(message):
    with sending:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


class Terminal:
    def __init__(self, given):
        self.id = given["terminal"]
        self.given = queue.Queue()
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(given.get("cwd") or os.environ["HOME"])
            os.environ.update(given["envs"])
            os.execvp("bash", ["/bin/bash", "-i", "-l"])
        self.resize(given["cols"], given["rows"])
        for run in (self.read, self.write):
            threading.Thread(target=run, daemon=True).start()

    def resize(self, cols, rows):
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self):
        while True:
            try:
                data = os.read(self.file, READ)
            except OSError:
                data = b""
            if not data:
                break
            say({"terminal": self.id, "data": base64.b64encode(data).decode()})
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        terminals.pop(self.id, None)
        say({"terminal": self.id, "exit": code if code >= 0 else 128 - code})

    def write(self):
        while True:
            view = memoryview(self.given.get())
            try:
                while view:
                    view = view[os.write(self.file, view):]
            except OSError:
                return

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


def upload(given):
    os.makedirs(os.path.dirname(given["path"]), mode=0o750, exist_ok=True)
    with open(given["path"], "wb") as file:
        file.write(base64.b64decode(given["data"]))


def download(given):
    with open(given["path"], "rb") as file:
        return base64.b64encode(file.read()).decode()


def list_files(given):
    found = []
    for entry in os.scandir(given["path"]):
        state = entry.stat(follow_symlinks=False)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(state.st_mtime))
        found.append({"name": entry.name, "isDir": entry.is_dir(), "size": state.st_size, "modTime": at})
    return found


def delete(given):
    path = given["path"]
    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


def begin(given):
    terminals[given["terminal"]] = Terminal(given)


def put(given):
    terminal = terminals.get(given["terminal"])
    if terminal:
        terminal.given.put(base64.b64decode(given["data"]))


def to_words(command):
    """As the daemon does it: by quotes, and by no shell."""
    words, word, quote = [], "", None
    for char in command:
        if char in "\"'" and quote in (None, char):
            quote = None if quote else char
        elif char == " " and quote is None:
            words, word = words + [word] * bool(word), ""
        else:
            word += char
    return words + [word] * bool(word)


def execute(given):
    # A thread of its own: others are answered meanwhile.
    def run():
        done = subprocess.run(
            to_words(given["command"]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        say({"id": given["id"], "value": {"exitCode": done.returncode, "result": done.stdout.decode()}})

    threading.Thread(target=run, daemon=True).start()
    return later


def begin_session(given):
    sessions[given["session"]] = subprocess.Popen(
        ["bash"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def exec_session(given):
    shell = sessions[given["session"]]
    shell.stdin.write(f"{{ {given['command']}; }} <&-\n".encode())
    shell.stdin.flush()


def end_session(given):
    shell = sessions.pop(given["session"])
    os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()


def connect(given):
    name = given["socket"]
    made = sockets[name] = socket.create_connection(("127.0.0.1", given["port"]))

    def read():
        try:
            while data := made.recv(READ):
                say({"socket": name, "data": base64.b64encode(data).decode()})
        except OSError:
            pass
        sockets.pop(name, None)
        made.close()
        say({"socket": name, "end": True})

    threading.Thread(target=read, daemon=True).start()


def pass_on(given):
    if given["socket"] in sockets:
        sockets[given["socket"]].sendall(base64.b64decode(given["data"]))


def shut(given):
    if given["socket"] in sockets:
        sockets[given["socket"]].shutdown(socket.SHUT_RDWR)


def resize(given):
    terminals[given["terminal"]].resize(given["cols"], given["rows"])


def kill(given):
    terminals[given["terminal"]].kill()


operations = {
    "upload": upload, "download": download, "list": list_files, "delete": delete,
    "begin": begin, "put": put, "resize": resize, "kill": kill,
    "execute": execute, "beginSession": begin_session, "execSession": exec_session, "endSession": end_session,
    "connect": connect, "pass": pass_on, "shut": shut,
}
later = object()
for line in sys.stdin:
    given = json.loads(line)
    try:
        value = operations[given["op"]](given)
        if value is later:
            continue
        answer = {"value": value}
    except FileNotFoundError as error:
        answer = {"status": 404, "message": str(error)}
    except (OSError, KeyError) as error:
        answer = {"status": 400, "message": str(error)}
    if "id" in given:
        say({"id": given["id"], **answer})
