# Puts back, before and after each step, what the runner stands on and a step can change: hooks of the
# interpreter, the builtins, the import system, and the runner's own functions, names and classes.
import _io
import bisect
import codecs
import heapq
import importlib._bootstrap
import importlib._bootstrap_external
import importlib.util
import itertools
import math
import re
import sys
import types
import zipimport
from itertools import repeat
from operator import attrgetter, is_ as same
from _signal import set_wakeup_fd as set_wakeup

LEAST_RECURSION = 1_000

get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit
register_error = codecs.register_error
members_of = type.__dict__["__dict__"].__get__
set_member, delete_member = type.__setattr__, type.__delattr__
sys_members = vars(sys)
Function = types.FunctionType
SCALARS = (type(None), str, int, float, tuple)
# What a session may set for itself in `sys`; the streams are given anew.
FREE = frozenset(("path", "argv", "stdout", "stderr", "__stdout__", "__stderr__", "ps1", "ps2", "last_exc", "last_type", "last_value",
                  "last_traceback", "tracebacklimit", "dont_write_bytecode", "pycache_prefix"))
part_getters = (attrgetter("__code__"), attrgetter("__defaults__"), attrgetter("__kwdefaults__"))
handlers = tuple((name, codecs.lookup_error(name)) for name in (
    "strict", "ignore", "replace", "surrogatepass", "surrogateescape", "backslashreplace", "xmlcharrefreplace"))

kept_spaces = []  # (a namespace, what it holds for good)
kept_functions = []  # (a function, its code, defaults and keyword defaults)
kept_cells = []  # (a cell, its content)
kept_classes = []  # (a class, its members)
columns = {}  # the same, as `put_back` compares it
kept_sys = {}
kept_modules = {}
kept_path = []
finders = ()


def private(name, own_builtins=None):
    """A library module of the runner's own: the code's imports never see it."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    if own_builtins is not None:
        vars(module)["__builtins__"] = own_builtins
    spec.loader.exec_module(module)
    return module


def keep_space(space):
    """Names in lower case may be bound to other scalars; all else is constant."""
    kept = {name: value for name, value in space.items() if name.isupper() or not isinstance(value, SCALARS)}
    kept_spaces.append((space, kept))
    for value in kept.values():
        keep_function(value)
        if isinstance(value, type) and value.__module__ == space.get("__name__"):
            keep_class(value)


def keep_function(value):
    if type(value) is not Function or any(one[0] is value for one in kept_functions):
        return
    kept_functions.append((value, value.__code__, value.__defaults__, value.__kwdefaults__))
    for cell in value.__closure__ or ():
        if not any(one[0] is cell for one in kept_cells):
            content = cell.cell_contents
            kept_cells.append((cell, content))
            keep_function(content)
            if isinstance(content, type) and content.__module__ == value.__module__:
                keep_class(content)


def keep_class(kind):
    if any(one[0] is kind for one in kept_classes):
        return
    kept_classes.append((kind, dict(members_of(kind))))
    for value in members_of(kind).values():
        keep_function(value)


def keep_library():
    """Modules that imports, and the functions of the REPL, work by while a step runs."""
    for module in (_io, importlib._bootstrap, importlib._bootstrap_external, zipimport, sys.modules["marshal"],
                   sys.modules["_imp"], bisect, heapq, itertools, math, re):
        kept_spaces.append((vars(module), dict(vars(module))))


def keep_interpreter():
    """Of `sys` what imports, output and errors go through; of the modules what is loaded by now."""
    global finders
    kept_sys.update((name, value) for name, value in sys_members.items() if name not in FREE)
    kept_modules.update(sys.modules)
    kept_path.extend(sys.path)
    finders = tuple(sys.meta_path)


def ask_host(_request):
    """What the host finds in memory; put in by boot.py."""
    return ""


def seal():
    """To be called when all is kept. The host compares what nothing but the session's code changes; the rest is done by
    C code, name for name."""
    spaces = tuple((space.get, tuple(kept), tuple(kept.values()), space.update, kept)
                   for space, kept in (*kept_spaces, (sys_members, kept_sys)))
    columns["spaces"] = spaces
    columns["own"] = tuple(column for column, (space, kept) in zip(spaces, (*kept_spaces, (sys_members, kept_sys)))
                           if space is sys_members or len(space) != len(kept))
    columns["classes"] = tuple((members_of(kind), tuple(members), tuple(members.values()), kind, members)
                               for kind, members in kept_classes)
    columns["functions"] = tuple(tuple(one[at] for one in kept_functions) for at in range(4))
    still = [space for space, kept in kept_spaces if len(space) == len(kept)]
    ask_host("watch " + " ".join((
        *(f"d{id(space)}" for space in still),
        *(f"c{id(kind)}" for kind, _ in kept_classes),
        *(f"f{id(one[0])}" for one in kept_functions))))


def put_back():
    for cell, content in kept_cells:
        cell.cell_contents = content
    is_same = ask_host("same") == "1"
    if not is_same:
        put_back_functions()
    for get, names, values, update, kept in columns["own" if is_same else "spaces"]:
        if not all(map(same, map(get, names), values)):
            update(kept)
    if not is_same:
        for now, names, values, kind, members in columns["classes"]:
            if len(now) != len(names) or not all(map(same, map(now.get, names), values)):
                put_back_class(kind, members)
    put_back_interpreter()


def put_back_functions():
    functions, *parts = columns["functions"]
    for get_part, part in zip(part_getters, parts):
        if not all(map(same, map(get_part, functions), part)):
            for function, code, defaults, keywords in kept_functions:
                function.__code__, function.__defaults__, function.__kwdefaults__ = code, defaults, keywords


def put_back_class(kind, members):
    now = members_of(kind)
    for name in [name for name in now if name not in members]:
        delete_member(kind, name)
    for name, value in members.items():
        if now.get(name, members) is not value:
            set_member(kind, name, value)


def put_back_interpreter():
    if type(sys_members.get("path")) is not list:
        sys_members["path"] = list(kept_path)
    if get_limit() < LEAST_RECURSION:
        set_limit(LEAST_RECURSION)
    modules, found = kept_sys["modules"], kept_sys["meta_path"]
    if not all(map(modules.__contains__, kept_modules)):
        modules.update((name, module) for name, module in kept_modules.items() if name not in modules)
    for finder in finders:
        if not any(map(same, found, repeat(finder))):
            found.append(finder)
    set_wakeup(-1)
    for name, handler in handlers:
        register_error(name, handler)
