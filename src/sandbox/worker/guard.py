# Puts back, before and after each step, what the runner stands on and a step can change: hooks of the
# interpreter, the builtins, the import system, and the runner's own functions, names and classes.
import builtins
import codecs
import importlib.util
import signal
import sys
import types

LEAST_RECURSION = 1_000

get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit
set_wakeup = signal.set_wakeup_fd
register_error = codecs.register_error
members_of = type.__dict__["__dict__"].__get__
set_member, delete_member = type.__setattr__, type.__delattr__
sys_members = vars(sys)
Function = types.FunctionType
CHANGING = (type(None), str, int, float, tuple, list, dict, set)
handlers = tuple((name, codecs.lookup_error(name)) for name in (
    "strict", "ignore", "replace", "surrogatepass", "surrogateescape", "backslashreplace", "xmlcharrefreplace"))

kept_spaces = []  # (a namespace, what it holds for good)
kept_functions = []  # (a function, its code, defaults and keyword defaults)
kept_cells = []  # (a cell, its content)
kept_classes = []  # (a class, its members)
kept_sys = {}
kept_modules = {}
kept_path = []
finders = ()


def private(name):
    """A library module of the runner's own: the code's imports never see it."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keep_space(space):
    """Not what can be bound anew: values without an identity of their own."""
    kept = {name: value for name, value in space.items() if not isinstance(value, CHANGING)}
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


def keep_interpreter():
    """Of `sys` what imports, output and errors go through; of the modules what is loaded by now."""
    global finders
    for name in ("modules", "meta_path", "path_hooks", "path_importer_cache", "stdin", "unraisablehook", "excepthook",
                 "displayhook"):
        kept_sys[name] = sys_members[name]
    kept_modules.update(sys.modules)
    kept_path.extend(sys.path)
    finders = tuple(sys.meta_path)


def put_back():
    for cell, content in kept_cells:
        cell.cell_contents = content
    for function, code, defaults, keywords in kept_functions:
        if function.__code__ is not code:
            function.__code__ = code
        function.__defaults__, function.__kwdefaults__ = defaults, keywords
    for space, kept in kept_spaces:
        if len(space) < len(kept) or not same_values(space, kept):
            space.update(kept)
    for kind, members in kept_classes:
        put_back_class(kind, members)
    put_back_interpreter()


def same_values(space, kept):
    for name, value in kept.items():
        if space.get(name, kept) is not value:
            return False
    return True


def put_back_class(kind, members):
    now = members_of(kind)
    if len(now) == len(members):
        for name, value in members.items():
            if now.get(name, members) is not value:
                break
        else:
            return
    for name in [name for name in now if name not in members]:
        delete_member(kind, name)
    for name, value in members.items():
        if now.get(name, members) is not value:
            set_member(kind, name, value)


def put_back_interpreter():
    for name, value in kept_sys.items():
        if sys_members.get(name) is not value:
            sys_members[name] = value
    if type(sys_members.get("path")) is not list:
        sys_members["path"] = list(kept_path)
    if get_limit() < LEAST_RECURSION:
        set_limit(LEAST_RECURSION)
    modules, found = kept_sys["modules"], kept_sys["meta_path"]
    for name, module in kept_modules.items():
        if name not in modules:
            modules[name] = module
    for finder in finders:
        if not any(one is finder for one in found):
            found.append(finder)
    set_wakeup(-1)
    for name, handler in handlers:
        register_error(name, handler)
