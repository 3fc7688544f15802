# What an interpreter begins with: makes the modules that its supervisor hands it, and gives the thread to boot.py.
import builtins
import marshal
import os
import sys


def receive(file):
    size = int(read_exactly(file, 16))
    return read_exactly(file, size)


def read_exactly(file, size):
    data = b""
    while len(data) < size:
        part = os.read(file, size - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def main():
    codes = marshal.loads(receive(int(sys.argv[1])))
    # The runner's modules have builtins of their own, which no code can take from them.
    own_builtins = dict(vars(builtins))
    modules = {}
    for name, code in codes:
        module = modules[name] = sys.modules[name] = type(sys)(name)
        vars(module)["__builtins__"] = own_builtins
        exec(code, vars(module))
    for name in modules:
        del sys.modules[name]
    sys.path[:] = [*(path for path in sys.path if path), os.getcwd()]  # last: no file of the code's hides a library
    modules["boot"].main(modules)


main()
