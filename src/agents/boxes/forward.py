# The first process of an agent's container: lets some ports of its loopback out through sockets of the host, starts the
# agent's program, and reaps what that leaves behind. When the program ends, the container does.
# Arguments: PORT=SOCKET ... -- PROGRAM ARGUMENT ...
import os
import socket
import sys
import threading


def pipe(source, target):
    try:
        while data := source.recv(65_536):
            target.sendall(data)
    except OSError:
        pass  # the other side is gone
    for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            end.shutdown(how)
        except OSError:
            pass  # it was shut down by the other direction


def forward(near, path):
    with near, socket.socket(socket.AF_UNIX) as far:
        try:
            far.connect(path)
        except OSError:
            return  # nobody listens any more
        back = threading.Thread(target=pipe, args=(far, near), daemon=True)
        back.start()
        pipe(near, far)
        back.join()


def serve(listener, path):
    while True:
        near, _ = listener.accept()
        threading.Thread(target=forward, args=(near, path), daemon=True).start()


def main():
    at = sys.argv.index("--")
    for pair in sys.argv[1:at]:
        port, _, path = pair.partition("=")
        listener = socket.create_server(("127.0.0.1", int(port)))
        threading.Thread(target=serve, args=(listener, path), daemon=True).start()
    program = sys.argv[at + 1:]
    child = os.posix_spawnp(program[0], program, os.environ)
    while True:
        number, status = os.waitpid(-1, 0)
        if number == child:
            os._exit(min(abs(os.waitstatus_to_exitcode(status)), 255))


main()
