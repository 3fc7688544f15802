# What a shell of a remote place is told to become: the supervisor, whose stdin and stdout are two pipes here. Between
# them and the terminal go numbered lines with checksums, kept until they have arrived: the connection to the
# terminal may be cut and made again, and may lose what it could not take. Lines: see terminalLines.ts.
# In a pod (pod.py) two pipes of its container are in the place of a terminal.
import binascii
import hashlib
import json
import os
import select
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
    """`key`: others may read what is sent (a cluster keeps it), so its bytes are veiled. `patience`: seconds without
    a byte from the host after which that is gone."""

    def __init__(self, key=None, patience=None):
        self.key, self.patience = key, patience
        self.input, self.output = os.dup(0), os.dup(1)
        if os.isatty(self.input):
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
                is_there = self.patience is None or select.select([self.input], [], [], self.patience)[0]
                piece = os.read(self.input, 65536) if is_there else b""
            except OSError:
                piece = b""
            if not piece:
                os.close(self.to)  # the supervisor ends with its input
                return
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line:  # an empty one says only that the host is there
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
                line = encode(b"D", self.next, veil(self.key, self.next, piece) if self.key else piece)
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


def veil(key, number, body):
    """With a stream of the key's that no other line has: the same twice gives the body again."""
    size = len(body)
    stream = hashlib.shake_256(key + number.to_bytes(8, "big")).digest(size)
    return (int.from_bytes(body, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


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


if __name__ == "__main__":
    main()
