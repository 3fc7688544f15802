# The way out of a place that has no network: a port of its loopback, whose connections are carried to the host in frames
# of channel 3. The host judges where each may go. 4 bytes number of the connection, 1 byte kind, body.
#   0  open    to the host
#   1  data    both ways; each side sends at most WINDOW bytes ahead of what the other has taken
#   2  end     nothing more comes from this side
#   3  close   the connection is gone
#   4  took    4 bytes: so many bytes more may be sent
import os
import selectors
import socket
import struct
import sys
import threading
from collections import deque

NETWORK_PORT = 3128
NETWORK_HEAD = struct.Struct(">IB")
NETWORK_COUNT = struct.Struct(">I")
OPEN, DATA, END, CLOSE, TOOK = range(5)
WINDOW = 2**18
PIECE = 2**15
MAX_CONNECTIONS = 64  # others wait to be accepted


class Forward:
    """All its state is its thread's own; the supervisor hands it frames."""

    def __init__(self, send):
        self.send = send
        self.connections, self.last = {}, 0
        self.told = deque()
        self.listener = socket.create_server(("127.0.0.1", NETWORK_PORT), backlog=1_024)
        self.listener.setblocking(False)
        self.woken, self.waking = os.pipe()
        for file in (self.woken, self.waking):
            os.set_blocking(file, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.woken, selectors.EVENT_READ, self.obey)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.accepts = True
        threading.Thread(target=self.run, daemon=True).start()

    def take(self, body):
        self.told.append(body)
        try:
            os.write(self.waking, b"\0")
        except BlockingIOError:
            pass  # it is to wake up already

    def run(self):
        try:
            while True:
                for key, events in self.selector.select():
                    key.data(events)
        except BaseException as error:
            print(f"its network has failed: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)

    def obey(self, _events):
        try:
            os.read(self.woken, 2**12)
        except BlockingIOError:
            pass
        while self.told:
            body = self.told.popleft()
            number, kind = NETWORK_HEAD.unpack_from(body)
            connection = self.connections.get(number)
            if connection:  # else it is gone here, which the host does not know yet
                connection.obey(kind, memoryview(body)[NETWORK_HEAD.size:])

    def accept(self, _events):
        if not self.accepts:
            return
        try:
            accepted, _ = self.listener.accept()
        except OSError:
            return  # it is gone again
        accepted.setblocking(False)
        self.last += 1
        self.connections[self.last] = Connection(self, self.last, accepted)
        self.tell(self.last, OPEN)
        if len(self.connections) == MAX_CONNECTIONS:
            self.selector.unregister(self.listener)
            self.accepts = False

    def remove(self, number):
        del self.connections[number]
        if not self.accepts:
            self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
            self.accepts = True

    def tell(self, number, kind, body=b""):
        self.send(3, NETWORK_HEAD.pack(number, kind) + body)


class Connection:
    def __init__(self, forward, number, accepted):
        self.forward, self.number, self.socket = forward, number, accepted
        self.room = WINDOW  # that the host may still take
        self.waiting = deque()  # for the code to take
        self.is_read, self.is_written, self.ends, self.events = False, False, False, 0
        self.watch()

    def obey(self, kind, body):
        if kind == DATA:
            self.waiting.append(body)
        elif kind == END:
            self.ends = True
        elif kind == TOOK:
            self.room += NETWORK_COUNT.unpack(body)[0]
        elif kind == CLOSE:
            if not self.ends:
                self.close(False)
                return
            self.is_read = True  # what came before it is still the code's
        self.write()

    def ready(self, events):
        if events & selectors.EVENT_READ and self.is_open() and self.room and not self.is_read:
            self.read()
        if events & selectors.EVENT_WRITE and self.is_open():
            self.write()

    def is_open(self):
        return self.number in self.forward.connections

    def read(self):
        try:
            data = self.socket.recv(min(PIECE, self.room))
        except BlockingIOError:
            return
        except OSError:
            self.close(True)
            return
        self.room -= len(data)
        self.is_read = not data
        self.forward.tell(self.number, DATA if data else END, data)
        self.go_on()

    def write(self):
        taken = 0
        try:
            while self.waiting:
                sent = self.socket.send(self.waiting[0])
                taken += sent
                if sent < len(self.waiting[0]):
                    self.waiting[0] = self.waiting[0][sent:]
                else:
                    self.waiting.popleft()
            if self.ends and not self.is_written:
                self.is_written = True
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.close(True)
            return
        if taken:
            self.forward.tell(self.number, TOOK, NETWORK_COUNT.pack(taken))
        self.go_on()

    def go_on(self):
        if self.is_read and self.is_written:
            self.close(True)
        else:
            self.watch()

    def watch(self):
        reads = selectors.EVENT_READ if self.room and not self.is_read else 0
        events = reads | (selectors.EVENT_WRITE if self.waiting else 0)
        selector = self.forward.selector
        if events and self.events:
            selector.modify(self.socket, events, self.ready)
        elif events:
            selector.register(self.socket, events, self.ready)
        elif self.events:
            selector.unregister(self.socket)
        self.events = events

    def close(self, tells):
        if self.events:
            self.forward.selector.unregister(self.socket)
            self.events = 0
        if not self.is_written:  # the code must not take a part for the whole: it finds the connection reset
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.forward.remove(self.number)
        if tells:
            self.forward.tell(self.number, CLOSE)
