# What a step's error says: its type, message and line, and the frames that are the session's own code.
import linecache
import warnings

import guard
from values import exact, type_name

MAX_MESSAGE = 4_000
MAX_TRACEBACK = 8_000
MARK_CHARS = 50  # what is cut once is not cut again for its mark
NO_ROOM = ("error return without exception set",)  # of C code that has no memory for an error either

lines = guard.private("linecache")
lines.cache = sources = linecache.cache  # the dict itself: the code's own linecache finds the steps too
trace = guard.private("traceback")
trace.linecache = lines
get_trail = BaseException.__dict__["__traceback__"].__get__
get_args = BaseException.__dict__["args"].__get__
SYNTAX_ERRORS = (SyntaxError, IndentationError, TabError)

limits = {"memory": 0, "full": (), "files": ""}  # `full`: error numbers of full files, and what holds then
awaited = {}  # file -> the line at which its step waited when its event loop failed


show_warning = warnings._showwarnmsg
step = {"file": "", "line": None}  # that runs, and the line of its trailing expression


def show_of_step(message):
    """What is warned of where this runner lets go of a value, or compiles, is about the step."""
    if type(message.filename) is str and message.filename.startswith("/rlm/"):
        message.filename, message.lineno = step["file"], step["line"] or 1
        message.line = None if step["line"] else ""
    show_warning(message)


warnings._showwarnmsg = show_of_step


def remember_source(filename, code, forgotten):
    lines_of_code = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as the compiler counts them
    sources[filename] = (len(code), None, [line + "\n" for line in lines_of_code], filename)
    sources.pop(forgotten, None)


def own_frames(error):
    """(file, line, function) of the frames that are the session's own."""
    trail, found = get_trail(error), []
    while trail is not None:
        code = trail.tb_frame.f_code
        if found or code.co_filename.startswith("<step"):
            found.append((code.co_filename, trail.tb_lineno, code.co_name))
        trail = trail.tb_next
    return [frame for frame in found if not frame[0].startswith(("/rlm/", "<frozen "))]


def line_of(error, filename):
    line = None
    for file, number, _ in own_frames(error):
        if file == filename:
            line = number
    if any(type(error) is kind for kind in SYNTAX_ERRORS) and error.filename == filename:
        line = error.lineno
    return awaited.get(filename) if line is None else line


def describe(error, filename):
    """As Python tells it. Runs code of the session: the error's own __str__."""
    name = type_name(type(error))[:200]
    trail = get_trail(error)
    while trail is not None and not trail.tb_frame.f_code.co_filename.startswith("<step"):
        trail = trail.tb_next
    described = trace.TracebackException(type(error), error, trail, limit=-40)
    hide_frames(described)
    text = "".join(described.format())
    message, hint = exact(str(error)), advice(error)
    if hint:
        message = f"{message}; {hint}" if message else hint
        text = f"{text.rstrip()}: {hint}\n"
    line = line_of(error, filename)
    return {"type": name, "message": cut_end(message), "line": line if type(line) is int else None,
            "traceback": cut_middle(text)}


def describe_plainly(error, filename):
    """The same without any code of the session or of the library."""
    name = type_name(type(error))[:200]
    args = get_args(error)
    first = args[0] if len(args) == 1 and type(args[0]) is str else ""
    message = "; ".join(part for part in (cut_end(first), advice(error)) if part)
    frames = own_frames(error)[-40:]
    shown = [f'  File "{file}", line {number}, in {function}\n' for file, number, function in frames]
    text = "".join(("Traceback (most recent call last):\n", *shown, f"{name}: {message}\n"))
    line = next((number for file, number, _ in reversed(frames) if file == filename), None)
    return {"type": name, "message": cut_end(message), "line": line, "traceback": cut_middle(text)}


def cut_end(text):
    if len(text) <= MAX_MESSAGE + MARK_CHARS:
        return text
    return f"{text[:MAX_MESSAGE]}\n… [{len(text) - MAX_MESSAGE:,} more characters]"


def cut_middle(text):
    """Without its middle: a traceback tells at its end what went wrong."""
    if len(text) <= MAX_TRACEBACK + MARK_CHARS:
        return text
    half = MAX_TRACEBACK // 2
    return f"{text[:half]}\n… ({len(text) - 2 * half:,} characters left out here) …\n{text[-half:]}"


def advice(error):
    """What to do about a limit that was met."""
    if type(error) is MemoryError or type(error) is SystemError and get_args(error) == NO_ROOM:
        megabytes = limits["memory"] // 2**20
        return (f"the code’s values take more than max_memory_mb, {megabytes:,} MB beside the contexts: del what is "
                "no longer needed, work in smaller parts, or open a session with a higher max_memory_mb")
    if type(error) is OSError and any(get_args(error)[:1] == (number,) for number in limits["full"]):
        return f"a session’s files take at most {limits['files']}: remove what is no longer needed"
    if type_name(type(error)) == "ZoneInfoNotFoundError":
        return "time zones other than UTC are not in this build: use datetime.timezone(datetime.timedelta(hours=…))"
    return ""


def hide_frames(described):
    """Takes out the frames of this runner and of the import machinery, in causes too."""
    for _ in range(20):
        if described is None:
            return
        described.stack[:] = [frame for frame in described.stack
                              if not frame.filename.startswith(("/rlm/", "<frozen "))]
        described = described.__cause__ or described.__context__
