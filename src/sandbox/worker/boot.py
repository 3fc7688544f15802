# The resident loop of a Python sandbox: takes messages from its device, runs steps, answers.
# Its modules have builtins of their own and use none of the library's Python code while they answer, and
# guard.py puts back what a step has changed under them: code breaks its own step and not the next one.
# Longer than usual: all of it closes over one device.
import _sitebuiltins
import ast
import builtins
import gc
import io
import json
import operator
import sys
import time
import types
import zlib  # noqa: F401  (imported once here: steps that use it start faster)
from _json import encode_basestring_ascii, make_encoder
from _signal import SIGINT, default_int_handler, signal

RESULT = "__step_result__"  # holds a trailing expression's value for a moment
RESERVE = 2**20  # bytes that the runner lets go of when the code has used up all there is
PROBE_HASH = "b30c8a52"  # of `probe` below, when it is read rightly
LEAST_ROOM = 2**17  # what a step needs to let go of some


def refuse(value):
    raise TypeError(f"an object of type {type(value).__name__} cannot be sent to the host")


def main(parts):
    finders, variables, previews, loop = parts["finders"], parts["variables"], parts["previews"], parts["eventLoop"]
    guard, values, failures, answers = parts["guard"], parts["values"], parts["failures"], parts["answers"]
    del sys.addaudithook  # a hook cannot be taken back, and could refuse every later step
    device = parts["device"]
    failures.limits.update(full=device.FULL, files=device.FILES)
    (read, write), perf = device.connect(), time.perf_counter
    same, begin, mark, yes = b"same", b"begin", b"mark", b"1"  # what the host is asked of memory: see PythonWatch
    scan_json = json.JSONDecoder().scan_once
    encode_json = make_encoder(None, refuse, encode_basestring_ascii, None, ": ", ", ", False, False, False)
    compile_, eval_, exec_ = builtins.compile, builtins.eval, builtins.exec
    Expr, Name, Store, Assign, copy_location = ast.Expr, ast.Name, ast.Store, ast.Assign, ast.copy_location
    to_tree = ast.PyCF_ONLY_AST
    set_handler, interrupt = signal, default_int_handler
    live_builtins = vars(builtins)
    saved_builtins = dict(live_builtins)
    own_builtins = dict(main.__builtins__)
    restore_own = main.__builtins__.update
    Anything, NoMemory, NoError = BaseException, MemoryError, SystemError  # by names that stand without builtins
    collect, is_same = gc.collect, operator.is_
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    sys_members, time_members, modules = vars(sys), vars(time), sys.modules
    set_trace, set_profile, callbacks = sys.settrace, sys.setprofile, gc.callbacks
    stop_collecting, start_collecting, is_collecting = gc.disable, gc.enable, gc.isenabled
    monitoring = getattr(sys, "monitoring", None)  # of Python 3.12 and later
    get_tool, set_events, free_tool, register = (
        (monitoring.get_tool, monitoring.set_events, monitoring.free_tool_id, monitoring.register_callback)
        if monitoring else (None, None, None, None))
    tools = range(6 if monitoring else 0)
    events = tuple(event for event in vars(monitoring.events).values() if type(event) is int and event) if monitoring else ()
    monitors = tuple((tool, event, None) for tool in tools for event in events)
    exact, type_name, scalars = values.exact, values.type_name, values.SCALARS

    char_bytes = {"x": 1, "\u00ff": 1, "\u0100": 2, "\U00010000": 4}  # of the strings that are filled

    def receive_exactly(size):
        data = read(size)
        if len(data) == size:
            return data
        parts, got = [data], len(data)
        while got < size:
            data = read(size - got)
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    def receive():
        return scan_json(receive_exactly(int(receive_exactly(16))).decode("utf-8", "surrogatepass"), 0)[0]

    def send(message):
        """A write is one message; it leaves with the next read."""
        write(encode(message))

    def encode(message):
        return "".join(encode_json(message, 0)).encode("ascii")

    def ask_host(value):
        write(b"look %d" % id(value))
        return str(read(17), "ascii")

    def ask_words(value, size):
        write(b"words %d %d" % (id(value), size))
        return int(read(8), 16)

    def watch(request):
        write(request.encode("ascii"))
        return read(1) == yes

    def show_hooks(first, last, profile):
        """The host finds out where the interpreter keeps them."""
        register(0, 1, first)
        register(5, 1, last)
        set_profile(profile)
        write(b"hooks %d %d %d %d" % (id(get_frame()), id(profile), id(first), id(last)))
        set_profile(None)
        register(0, 1, None)
        register(5, 1, None)

    class Probe:
        """Holds one of each kind that the host reads in memory."""

    get_frame = sys._getframe
    note = write if device.IS_READ else len  # elsewhere nobody looks into memory
    if device.IS_READ:
        parts["contents"].ask_host, parts["contents"].ask_words = ask_host, ask_words
        guard.watch = watch
        show_hooks(lambda *_: 1, lambda *_: 2, lambda *_: 3)
        (lambda: show_hooks(lambda *_: 4, lambda *_: 5, lambda *_: 6))()
        probe = Probe()
        probe.held = [1, -70_000, 10**30, -2.5, "a", "\u0100", b"b", None, True, 2j, {"k": ({3, "c"},)}, {4: Probe}]
        told = ask_host(probe)
        if told[:8] != PROBE_HASH:
            send({"kind": "broken", "message": f"values lie in memory in another way than expected: {told}"})
            read(1)
        del probe, told

    class HostError(RuntimeError):
        """The host refused a call; `code` says why."""

        def __init__(self, code, message):
            super().__init__(f"{code}: {message}")
            self.code = code

    state = {"id": "", "call": 0, "final": None}
    collects = {"is_on": True, "runs": False}  # what the code has; garbage ends in code of its own, which must not run in the runner
    reserve = {"held": None, "line": None}  # the line whose value is the result; not in `state`, which functions of the REPL close over

    def call_host(name, *args):
        number = state["call"]
        state["call"] = number + 1
        try:
            send({"kind": "call", "id": state["id"], "call": number, "name": name, "args": args})
        except OSError:
            raise ValueError(f"what is sent by {name} is too large") from None
        reply = receive()
        if reply.get("interrupted"):
            raise KeyboardInterrupt
        error = reply.get("error")
        if error:
            raise HostError(error["code"], error["message"])
        value = reply.get("value")
        if "byteLength" in reply:
            value["bytes"] = receive_exactly(reply["byteLength"])
        return value

    def create_stream():
        """A class of text streams without a state of their own, and what is written to them."""
        written = {"room": 0, "parts": [], "dropped": 0}

        class Capture(io.TextIOBase):
            """Keeps the first UTF-16 units written to it, up to its room, and counts the rest."""

            encoding = "utf-8"

            def writable(self):
                return True

            def isatty(self):
                return False

            def write(self, text):
                if not isinstance(text, str):
                    raise TypeError("write() argument must be str, not " + type_name(type(text)))
                text = exact(text)
                size, room = len(text), written["room"]
                kept = text if size <= room else text[:room]
                units = utf16_length(kept)
                if units > room:
                    kept = kept[: room // 2]
                    units = utf16_length(kept)
                if kept:
                    written["parts"].append(kept)
                written["room"] = room - units
                if len(kept) < size:
                    written["dropped"] += utf16_length_from(text, len(kept))
                    written["room"] = 0
                return size

        return Capture, written

    utf16_length, utf16_length_from = previews.utf16_length, previews.utf16_length_from

    Out, out = create_stream()
    Err, err = create_stream()
    module = types.ModuleType("__main__")
    names = module.__dict__
    modules["__main__"] = module

    def FINAL(*values, **fields):
        """FINAL(answer): record the final answer; the step goes on, and the last call counts."""
        state["final"] = answers.answer_text("FINAL", values, fields)

    def FINAL_VAR(*values):
        """FINAL_VAR("name"): record the value of a variable as the final answer."""
        value = answers.variable_named(names, variables.own_names(), values)
        state["final"] = answers.answer_text("FINAL_VAR", (value,), {})

    def SUBMIT(*values, **fields):
        """SUBMIT(answer=…) or SUBMIT(answer): record the final answer; of several fields, all of them."""
        state["final"] = answers.answer_text("SUBMIT", values, fields)

    def SHOW_VARS():
        """Print the variables of this session: name, type, size."""
        rows = variables.rows()
        print_("\n".join(f"{name}  {type_}  {'' if size is None else size}".rstrip()
                         for name, type_, size in rows) or "(no variables)")

    def llm_query(prompt, model=None):
        """Ask a sub-model; returns its answer as text."""
        return call_host("llm_query", answers.prompt_from(prompt), answers.model_from(model))

    def call_batch(name, prompts, *args):
        reply = call_host(name, answers.prompts_from(prompts), *args)
        for failure in reply["failures"]:
            print_(f"{name}: prompt {failure['index']} has no answer (None): "
                   f"{failure['code']}: {failure['message']}", file=sys.stderr)
        return reply["answers"]

    def llm_query_batched(prompts, model=None):
        """Ask a sub-model many prompts at once; returns the answers in order, None for what failed."""
        return call_batch("llm_query_batched", prompts, answers.model_from(model))

    def rlm_query(prompt, context="", model=None):
        """Give a sub-session its own context and question; returns its answer."""
        prompt, context = answers.prompt_from(prompt), answers.context_from(context)
        return call_host("rlm_query", prompt, context, answers.model_from(model))

    def rlm_query_batched(prompts, contexts=None, model=None):
        """Like rlm_query for many prompts at once; returns the answers in order, None for what failed."""
        return call_batch("rlm_query_batched", prompts, answers.contexts_from(contexts), answers.model_from(model))

    def budget():
        """What is left of this session's limits."""
        return call_host("budget")

    def sleep(seconds):
        """Suspend for the given number of seconds; can be interrupted."""
        if not seconds >= 0:
            raise ValueError("sleep length must be a non-negative number")
        call_host("sleep", min(seconds * 1000, 2**31 - 1))

    print_ = builtins.print
    offered = {
        "llm_query": llm_query,
        "llm_query_batched": llm_query_batched,
        "rlm_query": rlm_query,
        "rlm_query_batched": rlm_query_batched,
        "budget": budget,
        "FINAL": FINAL,
        "FINAL_VAR": FINAL_VAR,
        "SUBMIT": SUBMIT,
        "SHOW_VARS": SHOW_VARS,
        **finders.offered(names, call_host),
    }
    for name, value in offered.items():
        if type(value) is types.FunctionType:
            value.__qualname__ = name  # errors name it so
            value.__doc__ = parts["helps"].HELP[name]
    HostError.__qualname__, HostError.__module__ = "HostError", "builtins"
    builtins.help = saved_builtins["help"] = parts["helps"].Help(offered, _sitebuiltins._Helper(), names)
    variables.watch(names, offered)
    sleep = loop.install(sleep)

    def restore_builtins():
        found = map(live_builtins.get, saved_builtins)
        if len(live_builtins) == len(saved_builtins) and all(map(is_same, found, saved_builtins.values())):
            return
        live_builtins.clear()
        live_builtins.update(saved_builtins)

    def restore():
        """What the code finds at the beginning of a step is as it was; what the runner stands on is put back after one."""
        if not all(type(name) is str for name in names):
            kept = [(name, value) for name, value in names.items() if type(name) is str]
            names.clear()
            names.update(kept)
        names["__builtins__"] = builtins
        names.pop(RESULT, None)
        for name, function in offered.items():
            if name not in names:  # what is offered gives way to the code's own, until that is deleted
                names[name] = function
        modules["__main__"] = module
        sys_members["stdout"] = sys_members["__stdout__"] = Out()
        sys_members["stderr"] = sys_members["__stderr__"] = Err()
        time_members["sleep"] = sleep

    def compile_step(code, filename):
        """Compiles the code; a trailing expression's value is kept under a name of ours."""
        try:
            tree = compile_(code, filename, "exec", to_tree | flags, True)
        except UnicodeEncodeError as failed:
            line = code[:failed.start].replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
            raise SyntaxError(f"the code holds half a surrogate pair, {code[failed.start]!r}: write it as an escape, or "
                              "leave it out", (filename, line, None, None)) from None
        last = tree.body[-1] if tree.body else None
        if isinstance(last, Expr):
            reserve["line"] = failures.step["line"] = last.lineno
            keep = Name(RESULT, Store(), lineno=last.lineno, col_offset=last.col_offset,
                        end_lineno=last.lineno, end_col_offset=last.col_offset)
            tree.body[-1] = copy_location(Assign([keep], last.value), last)
        return compile_(tree, filename, "exec", flags, True)

    def execute(code, filename):
        """Runs the code; returns the value of a trailing expression."""
        body = compile_step(code, filename)
        variables.mention(body)
        note(mark)
        collects["runs"] = True
        if collects["is_on"]:
            start_collecting()
        if body.co_flags & 0x80:  # inspect.CO_COROUTINE: it awaits at the top level
            loop.run(eval_(body, names))
        else:
            exec_(body, names)
        return names.pop(RESULT, None)

    spoilers = ("MemoryError", "RecursionError", "SystemError", "KeyboardInterrupt")

    def is_sound():
        """Whether the interpreter still does its work: C code that recursed too deep can spoil it."""
        for _ in range(3):
            try:
                space = {"__builtins__": builtins}
                exec_(compile_step("def f(a):\n    return [a, *(b for b in (1, 2))]\nf({})", "<probe>"), space)
                return space[RESULT] == [{}, 1, 2]
            except (MemoryError, SystemError):  # for want of memory, or spoiled: more of it tells
                reserve["held"] = None
                write(b"room")
            except BaseException:  # noqa: BLE001
                return False
        return False

    def take_reserve():
        """Kept for the runner; where the code has used up all there is, the host gives a little more."""
        for _ in range(2):
            try:
                reserve["held"] = reserve["held"] or bytes(RESERVE)
                bytes(LEAST_ROOM)
                return
            except MemoryError:
                write(b"room")

    def leave_room():
        """What follows needs memory, also where the code has filled all of it and caught the error."""
        if reserve["held"] is not None:
            try:
                bytes(LEAST_ROOM)
            except Anything:
                reserve["held"] = None

    def compare_variables():
        """Where even that fails, the next step finds the same changes."""
        for _ in range(2):
            try:
                return variables.compare()
            except Anything:  # without memory, C code also fails in other ways than by a MemoryError
                reserve["held"] = None
        return variables.listed_names(variables.own_names()), []

    def execute_code(step):
        step["value"] = execute(step["code"], step["filename"])
        if out["parts"] and finders.shows_in_part():
            step["outcome"]["abridged"].append("stdout")

    def show_result(step):
        if step["value"] is not None:
            step["outcome"]["result"], step["dropped"], is_abridged = previews.show_result(step["value"], step["cap"])
            step["outcome"]["abridged"] += ["result"] if is_abridged else []

    def explain_failure(step):
        if step["failure"] is not None:
            step["outcome"]["error"] = failures.describe(step["failure"], step["filename"])

    phases = (execute_code, show_result, explain_failure)

    def drive(step):
        """Runs the phases. What one has hooked, or changed under the runner, is undone before the next: here, and
        not in a function, as a hook would run when that is called."""
        while step["tries"] < 12:
            try:
                if step["is_dirty"]:
                    restore_own(own_builtins)
                    step["tries"] += 1
                    set_trace(None)
                    set_profile(None)
                    for tool in tools:
                        if get_tool(tool) is not None:
                            set_events(tool, 0)
                            free_tool(tool)
                    callbacks.clear()
                    leave_room()
                    is_same = note is write and note(same) and read(1) == yes
                    if not is_same:
                        for tool, event, nothing in monitors:
                            register(tool, event, nothing)
                    restore_builtins()
                    guard.put_back(is_same)
                    step["is_dirty"] = False
                at = step["next"]
                if at == 3:
                    set_handler(SIGINT, ignore)
                    return
                step["next"] = at + 1
                phase = phases[at]
                if (phase is show_result and step["value"] is None
                        or phase is explain_failure and step["failure"] is None):
                    continue
                step["is_dirty"] = True
                phase(step)
                if phase is show_result and id(type(step["value"])) in scalars:
                    step["is_dirty"] = False  # no code of the session has run
            except Anything as error:  # whatever the code raised, also by a hook; or it is interrupted
                if step["failure"] is None:
                    step["failure"] = error
                if step["next"] == 2:  # it was not shown
                    step["line"] = reserve["line"]
                if type(error) is NoMemory or type(error) is NoError:
                    reserve["held"] = None

    def run(message):
        code, cap = message["code"], message["maxOutputChars"]
        filename = f"<step {message['step']}>"
        outcome = {"result": None, "error": None, "abridged": []}
        step = {"code": code, "filename": filename, "cap": cap, "value": None, "failure": None, "outcome": outcome, "dropped": 0,
                "line": None, "next": 0, "tries": 0, "is_dirty": False}
        restore()
        finders.begin_step()
        take_reserve()
        for written in (out, err):
            written.update(room=cap, parts=[], dropped=0)
        state.update(id=message["id"], call=0, final=None)
        failures.step.update(file=filename, line=None)
        failures.remember_source(filename, code, f"<step {message['step'] - 100}>")
        started = perf()
        try:
            set_handler(SIGINT, interrupt)
            drive(step)
        except Anything as error:  # an interrupt between two of its lines; there is no other within 100 ms
            try:
                step["failure"] = error if step["failure"] is None else step["failure"]
                drive(step)
            except Anything:
                set_handler(SIGINT, ignore)
        leave_room()
        if step["failure"] is not None and outcome["error"] is None:
            outcome["error"] = failures.describe_plainly(step["failure"], filename)
        if outcome["error"] is not None and outcome["error"]["line"] is None:
            outcome["error"]["line"] = step["line"]
        step["value"] = step["failure"] = None
        take_stray()
        return {
            "stdout": "".join(out["parts"]),
            "stderr": "".join(err["parts"]),
            "dropped": {"stdout": out["dropped"], "stderr": err["dropped"], "result": step["dropped"]},
            "finalAnswer": state["final"],
            "durationMs": (perf() - started) * 1000,
            **outcome,
        }

    def take_stray():
        """What was written past sys.stdout and sys.stderr comes last, where the device keeps it."""
        try:
            for (stream, written), (text, more) in zip(((Out, out), (Err, err)), device.stray()):
                stream().write(text)
                written["dropped"] += more
        except Anything:  # no memory for it
            reserve["held"] = None

    def ignore(_signal, _frame):
        """An interrupt that arrives after the code has ended has nothing to interrupt."""

    loaded = {"variable": None, "value": None}

    def load_text(source):
        """A short text is read; the host fills a long one in place."""
        filler, size = source["filler"], source["codePoints"]
        if filler is None:
            return str(receive_exactly(source["byteLength"]) if size else b"", "utf-8")
        text = filler * size
        header = text.__sizeof__() - (size + 1) * char_bytes[filler]
        write(b"fill %d" % (id(text) + header))
        return text

    def load(message):
        """Makes the texts of the message and binds them."""
        sources = message["sources"]
        failures.limits["memory"] = message["maxMemoryBytes"]
        device.limit_memory(None)
        total = 0
        lines = 0
        texts = []
        try:
            for source in sources:
                text = load_text(source)
                texts.append(text)
                total += len(text)
                lines += source["lines"]
        except MemoryError:
            texts = None
            collect()
            return None
        finally:
            device.limit_memory(message["maxMemoryBytes"])
        preview = ""
        for text in texts:
            if len(preview) < 500:
                preview += text[: 500 - len(preview)]
        paths = [source["path"] for source in sources]
        value = texts[0] if message["shape"] == "string" else dict(zip(paths, texts))
        names[message["variable"]] = value
        loaded.update(variable=message["variable"], value=value)
        finders.know(message["contextIndex"], paths, texts, message["variable"], value)
        return {"totalChars": total, "totalLines": lines, "preview": preview,
                "sourceChars": [len(text) for text in texts[:50]]}

    def notes_of(changes):
        taken = [one["name"] for one in changes if one["change"] == "added" and one["name"] in (*offered, "print")
                 and one["name"] not in finders.PLAIN_NAMES]
        notes = [f"note: {name} is a variable of yours now, in the place of the REPL's function: "
                 f"del {name} brings that back\n" for name in taken]
        if variables.unlisted:
            notes.append(f"note: the names of {variables.unlisted:,} variables are not listed: there are too many\n")
        if variables.untold:
            notes.append(f"note: {variables.untold:,} more variables changed, which are too many to be listed\n")
        if variables.unseen:
            notes.append("note: too large to be compared whole, so that changes of few items may go unnoticed: "
                         f"{variables.unseen}\n")
        return "".join(notes)

    def read_value(message):
        name, why = message["name"], None
        try:
            set_handler(SIGINT, interrupt)
            try:
                return variables.read(name, message["offset"], message["maxChars"])
            finally:
                set_handler(SIGINT, ignore)
        except MemoryError:
            why = "its text takes more memory than there is"
        except KeyboardInterrupt:  # also on the way out
            why = "reading it took too long"
            set_handler(SIGINT, ignore)
        return {"type": type_name(type(names[name]))[:200], "form": "repr", "totalChars": 0, "text": "",
                "incomplete": why}

    def answer(message):
        kind, answer_id = message["kind"], message["id"]
        if kind == "run":
            outcome = run(message)
            if outcome["error"] and outcome["error"]["type"] in spoilers and not is_sound():
                return {"kind": "broken", "message": "deep recursion in C code spoiled the interpreter"}
            return {"kind": "ran", "id": answer_id, "outcome": outcome}
        if kind == "load":
            return {"kind": "loaded", "id": answer_id, "sizes": load(message)}
        restore()
        return {"kind": "value", "id": answer_id, "asked": message}

    def exact_copy(value):
        """Of what is read while no code of the session may run: a subclass may run some."""
        kind = type(value)
        if kind is dict:
            return {exact_copy(key): exact_copy(item) for key, item in value.items()}
        if kind is list:
            return [exact_copy(item) for item in value]
        if id(kind) not in scalars:
            raise TypeError(f"there is a {type_name(kind)} in what the step says")
        return value

    def report(answered):
        """The message that says what was done. From `begin` on no code of the session runs until it has left."""
        if collects["runs"]:
            collects.update(runs=False, is_on=is_collecting())
        stop_collecting()
        kind = answered["kind"]
        if note is write and not (note(same) and read(1) == yes):
            settle()
        note(begin)
        message = {"kind": exact_copy(kind), "id": exact_copy(answered.get("id"))}
        if kind == "ran":
            message["outcome"] = report_outcome(exact_copy(answered["outcome"]))
        elif kind == "loaded":
            message["sizes"] = exact_copy(answered["sizes"])
            if message["sizes"] is not None:
                variables.know(loaded["variable"], loaded["value"])
        elif kind == "value":
            message["value"] = read_value(exact_copy(answered["asked"]))
        else:
            message["message"] = exact_copy(answered["message"])
        for _ in range(3):
            try:
                return encode(message)
            except NoMemory:
                reserve["held"] = None
                write(b"room")
        raise NoError("there is no memory for an answer")

    def settle():
        """What code that ran after the step's own has left."""
        restore_own(own_builtins)
        set_trace(None)
        set_profile(None)
        callbacks.clear()
        for tool, event, nothing in monitors:
            register(tool, event, nothing)
        restore_builtins()
        guard.put_back(False)

    def report_outcome(outcome):
        outcome["variables"], outcome["changes"] = compare_variables()
        try:
            notes = notes_of(outcome["changes"])
            outcome["stderr"] += notes
        except Anything:  # no memory for a line
            reserve["held"] = None
        return outcome

    def serve():
        while True:
            answered = answer(receive())
            try:
                said = report(answered)
            except NoMemory:  # before the variables were compared
                reserve["held"] = None
                write(b"room")
                said = report(answered)
            write(said)

    for space in parts.values():
        guard.keep_space(vars(space))
    for value in tuple(locals().values()):
        guard.keep_function(value)
    guard.keep_library()
    for kind in (Expr, Name, Store, Assign):
        guard.keep_class(kind)
    guard.keep_interpreter()
    below = (serve, main, get_frame(1).f_code)
    sealed = guard.seal(
        records=(variables.known, variables.loaded), marks=(variables.asked,), ways=(read, write), empty=(callbacks,),
        chains={"begin": (report, *below), "answer": (receive_exactly, receive, *below),
                "mark": (execute, execute_code, drive, run, answer, *below)})
    if device.IS_READ and not sealed:
        send({"kind": "broken", "message": "the interpreter keeps its frames and hooks in another way than expected"})
        read(1)
    set_handler(SIGINT, ignore)
    restore()
    send({"kind": "ready", "detail": "CPython " + sys.version.split()[0] + device.WHERE})
    try:
        serve()
    except Anything as error:
        reserve["held"] = None
        send({"kind": "broken", "message": f"the runner met {type_name(type(error))}: {str(error)[:500]}"})
        read(1)
