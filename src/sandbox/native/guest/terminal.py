# What a shell of a remote place is told to become: the supervisor, whose stdin and stdout are two pipes here. Between
# them and the terminal go numbered lines with checksums, kept until they have arrived: the connection to the
# terminal may be cut and made again, and may lose what it could not take. Lines: see terminalLines.ts.
import binascii
import json
import os
import sys
import termios
import threading

PIECE = 12 * 1024  # of bytes in a line
WINDOW = 256 * 1024  # sent and not yet taken: a terminal's reader who is slower than this is cut off


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "payload.json"), encoding="utf-8") as file:
        given = json.load(file)
    os.makedirs(given["options"]["folder"], mode=0o700, exist_ok=True)
    terminal = Terminal()
    space = {"__name__": "supervisor"}
    for name in ("systemCalls", "files", "shell", *(["network"] if given["options"]["network"] else []), "supervisor"):
        exec(compile(given[name], f"/rlm/{name}.py", "exec"), space)
    terminal.start()
    space["run"](given["modules"], given["start"], given["options"])


def make_raw(file):
    """No echo, no signals, no change of any byte."""
    mode = termios.tcgetattr(file)
    mode[0] = mode[1] = mode[3] = 0
    mode[2] = mode[2] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(file, termios.TCSANOW, mode)


class Terminal:
    def __init__(self):
        self.input, self.output = os.dup(0), os.dup(1)
        make_raw(self.input)
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        os.dup2(to_read, 0)
        os.dup2(to_write, 1)
        for file in (to_read, to_write):
            os.close(file)
        self.changed = threading.Condition()  # holds all below
        self.expected = 0  # number of the next line from the host
        self.next = 0
        self.untaken = {}  # number -> line
        self.untaken_bytes = 0

    def start(self):
        for run in (self.receive, self.send):
            threading.Thread(target=run, daemon=True).start()
        with self.changed:
            self.write(b"R", self.expected)

    def receive(self):
        rest = b""
        while True:
            try:
                piece = os.read(self.input, 65536)
            except OSError:
                piece = b""
            if not piece:
                os.close(self.to)  # the supervisor ends with its input
                return
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self.take(line)

    def take(self, line):
        parsed = parse(line)
        with self.changed:
            if parsed is None:
                self.write(b"R", self.expected)
                return
            kind, number, body = parsed
            if kind == b"D":
                if number == self.expected:
                    self.expected += 1
                elif number > self.expected:
                    self.write(b"R", self.expected)
                    return
                else:
                    body = b""  # it has come before
                self.write(b"A", self.expected)
            else:
                for taken in [one for one in self.untaken if one < number]:
                    self.untaken_bytes -= len(self.untaken.pop(taken))
                if kind == b"R":
                    self.write(b"A", self.expected)
                    for one in sorted(self.untaken):
                        self.write_all(self.untaken[one])
                self.changed.notify_all()
        view = memoryview(body if kind == b"D" else b"")
        while view:
            view = view[os.write(self.to, view):]

    def send(self):
        while True:
            piece = os.read(self.back, PIECE)
            if not piece:
                return
            with self.changed:
                while self.untaken_bytes > WINDOW:
                    self.changed.wait()
                line = encode(b"D", self.next, piece)
                self.untaken[self.next] = line
                self.untaken_bytes += len(line)
                self.next += 1
                self.write_all(line)

    def write(self, kind, number):
        self.write_all(encode(kind, number, b""))

    def write_all(self, line):
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self.output, view):]
        except OSError:
            os._exit(0)  # the terminal is gone


def encode(kind, number, body):
    text = b"%b%d %b" % (kind, number, binascii.b2a_base64(body, newline=False))
    return b"\x02%b %08x\n" % (text, binascii.crc32(text))


def parse(line):
    """(kind, number, bytes); None where it did not arrive whole."""
    try:
        text, checksum = line[line.rindex(b"\x02") + 1:].rsplit(b" ", 1)
        head, body = text.split(b" ", 1)
        if int(checksum, 16) != binascii.crc32(text) or head[:1] not in (b"D", b"A", b"R"):
            return None
        return head[:1], int(head[1:]), binascii.a2b_base64(body)
    except ValueError:
        return None


main()
