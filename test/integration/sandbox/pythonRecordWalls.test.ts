// Code that finds the runner's own functions and state cannot hide what changed: each step tells its changes as they
// are, or the session says that it lost its state.
// Longer than usual: a table, one row an attack.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const prelude = `
import gc, sys, types, builtins, weakref
F = types.FunctionType
def is_own(f): return type(f) is F and f.__code__.co_filename.startswith("/rlm/")
def own(name):
    return next(f for f in gc.get_objects() if is_own(f) and f.__name__ == name)
def part(name): return own(name).__globals__
def frames():
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back
def frame_of(name): return next(f for f in frames() if f.f_code.co_name == name)
def cell(function, name):
    return function.__closure__[function.__code__.co_freevars.index(name)]
`;

/** What hides the change of \`kept\` and \`fresh\`, in this step or in later ones. */
const attacks: Readonly<Record<string, string>> = {
  'functions found by gc do nothing': `
guard = part("put_back")
for name in ("put_back", "put_back_functions", "put_back_class"): own(name).__code__ = (lambda *_: None).__code__
part("compare")["compare"].__code__ = (lambda: ([], [])).__code__`,
  'what is put back is something else': `
guard = part("put_back")
lie = (lambda *a: ([], []))
target = part("compare")["compare"]
guard["kept_functions"][:] = [(f, lie.__code__ if f is target else c, d, k) for f, c, d, k in guard["kept_functions"]]
columns = guard["columns"]
columns["functions"] = tuple(tuple(one[at] for one in guard["kept_functions"]) for at in range(4))
target.__code__ = lie.__code__`,
  'nothing is put back': `
part("put_back")["columns"].update(spaces=(), own=(), classes=(), functions=((), (), (), ()))
part("put_back")["kept_cells"].clear(); part("put_back")["kept_functions"].clear(); part("put_back")["kept_spaces"].clear()
part("compare")["find_change"] = lambda *_: None`,
  'cells hold other functions': `
guard = part("put_back")
run = own("run")
for function in (run, own("compare_variables"), own("answer"), own("serve")):
    for one in function.__closure__ or ():
        if is_own(one.cell_contents) and one.cell_contents.__name__ == "compare_variables": one.cell_contents = lambda: ([], [])
guard["kept_cells"].clear()`,
  'what is known of variables is forged': `
variables = part("compare")
kept.append("x")
known = variables["known"]
known["kept"] = (id(kept), variables["look_at"](kept, variables["LOOKS"])[1], None, variables["LOOKS"], True)
known["fresh"] = (id(1), None, None, 0, False)`,
  'a value passes for a text of a context': `part("compare")["loaded"][id(kept)] = kept`,
  'what a step mentions is emptied': `
for o in gc.get_objects():
    if type(o) is set and "kept" in o: o.clear()
for space in (part("compare"),):
    for name, value in list(space.items()):
        if type(value) in (set, dict) and name in ("mentioned", "reached"): value.clear()
kept.append("x")`,
  'types that are skipped are more': `
space = part("compare")
space["STILL"] = space["SCALARS"] = frozenset((id(list), id(dict), id(int)))
part("put_back")["columns"].update(spaces=(), own=())`,
  'constants are filled': `
for o in gc.get_objects():
    if type(o) is dict and id(type(Ellipsis)) in o: o[id(list)] = lambda value: "hidden"`,
  'the builtins of the runner are others': `
space = part("compare")["__builtins__"]
for name in ("sorted", "id", "len", "type"): space[name] = lambda *_, **__: ()
part("put_back")["columns"].update(spaces=(), own=())`,
  'locals of frames are evil': `
class Evil(dict):
    def __setitem__(self, name, value): dict.__setitem__(self, name, [] if name == "changes" else value)
for name in ("run", "answer", "serve", "main"):
    for local in list(frame_of(name).f_locals):
        if local in ("outcome", "answered"): frame_of(name).f_locals[local] = Evil(frame_of(name).f_locals[local] or {})`,
  'frames of a traceback are evil': `
try: 1 / 0
except ZeroDivisionError as e: frame = e.__traceback__.tb_frame
while frame:
    if frame.f_code.co_name == "run":
        class Evil(dict):
            def __setitem__(self, name, value): dict.__setitem__(self, name, [] if name == "changes" else value)
        frame.f_locals["outcome"] = Evil(frame.f_locals["outcome"])
    frame = frame.f_back`,
  'an outcome says more': `
outcome = frame_of("run").f_locals["outcome"]
class Items(dict):
    def items(self):
        for o in gc.get_objects():
            if type(o) is list and o and type(o[0]) is dict and "preview" in o[0]: o.clear()
        return dict.items(self)
outcome["more"] = Items(a=1)
outcome["result"] = Items(a=1)`,
  'a frame ends in code': `
class Late:
    def __del__(self):
        for o in gc.get_objects():
            if type(o) is list and o and type(o[0]) is dict and "preview" in o[0]: o.clear()
for frame in frames():
    if frame.f_code.co_filename.startswith("/rlm/"): frame.f_locals["late"] = Late()`,
  'garbage ends in code while variables are compared': `
class Late:
    def __init__(self): self.me = self
    def __del__(self):
        Late()
        for o in gc.get_objects():
            if type(o) is list and o and type(o[0]) is dict and "preview" in o[0]: o.clear()
            if type(o) is dict and type(o.get("changes")) is list: o["changes"] = []
Late()
gc.set_threshold(1)`,
  'a weak reference calls code': `
class Held: pass
def late(_):
    own("compare").__code__ = (lambda: ([], [])).__code__
    part("put_back")["columns"].clear()
held = Held()
watching = weakref.ref(held, late)
frame_of("run").f_locals["held"] = held
del held`,
  'a hook of garbage collection stays': `
def again(*_):
    for o in gc.get_objects():
        if type(o) is list and o and type(o[0]) is dict and "preview" in o[0]: o.clear()
class Late:
    def __init__(self): self.me = self
    def __del__(self): gc.callbacks.append(again)
Late(); gc.callbacks.append(again); gc.set_threshold(1)`,
  'types of C have other members': `
real = dict.items
gc.get_referents(dict.__dict__)[0]["update"] = lambda *_: None
gc.get_referents(list.__dict__)[0]["append"] = lambda *_: None
gc.get_referents(str.__dict__)[0]["join"] = lambda *_: ""
sys._clear_type_cache()`,
  'a profile function stays': `
def spy(frame, event, arg):
    if event == "return" and frame.f_code.co_name == "compare" and type(arg) is tuple: arg[1].clear()
sys.setprofile(spy)
own("put_back").__code__ = (lambda: __import__("sys").setprofile(spy)).__code__`,
  'a monitor watches the code of the runner': `
tool = sys.monitoring
tool.use_tool_id(3, "x")
def late(code, offset, value):
    if code.co_name == "compare" and type(value) is tuple: value[1].clear()
tool.register_callback(3, tool.events.PY_RETURN, late)
tool.set_local_events(3, own("compare").__code__, tool.events.PY_RETURN)
tool.free_tool_id(3)`,
  'a trace function jumps over lines of the runner': `
run = frame_of("run")
def trace(frame, event, arg):
    if frame is run and event == "line":
        try: frame.f_lineno = run.f_code.co_firstlineno + len(list(run.f_code.co_lines()))
        except ValueError: pass
        for line in range(frame.f_lineno, frame.f_lineno + 60):
            try: frame.f_lineno = line
            except ValueError: pass
    return trace
run.f_trace = trace
sys.settrace(trace)`,
  'the way to the host is code': `
for name in ("write", "read"):
    for function in (own("receive_exactly"), own("serve")):
        if name in function.__code__.co_freevars:
            real = cell(function, name).cell_contents
            if not hasattr(real, "__setstate__"): continue
            function_, args = real.func, real.args
            def other(*a, function_=function_, args=args):
                if a and type(a[0]) is bytes: a = (a[0].replace(b'"name": "kept"', b'"name": "_____"'),)
                return function_(*args, *a)
            real.__setstate__((other, (), {}, {}))`,
  'texts are encoded by code': `
import codecs, encodings.utf_16_le
def evil(text, errors="strict"):
    for o in gc.get_objects():
        if type(o) is list and o and type(o[0]) is dict and "preview" in o[0]: o.clear()
    return encodings.utf_16_le.encode(text, errors)
for o in gc.get_objects():
    if type(o) is dict and type(o.get("utf-16-le")) is codecs.CodecInfo:
        o["utf-16-le"] = codecs.CodecInfo(evil, codecs.utf_16_le_decode, name="utf-16-le")
    if type(o) is dict and "utf_16_le" in o and type(o["utf_16_le"]) is codecs.CodecInfo:
        o["utf_16_le"] = codecs.CodecInfo(evil, codecs.utf_16_le_decode, name="utf-16-le")
spoken = "\\U0001f600"`,
  'a handler of signals is code': `
import signal
class Late:
    def __del__(self):
        signal.signal(2, lambda *_: part("compare")["known"].update(kept=(id(kept), None, None, 0, False)))
        signal.raise_signal(2)
frame_of("run").f_locals["late"] = Late()`,
  'an answer is forged': `
import json, os
step = cell(own("call_host"), "state").cell_contents["id"]
fake = {"kind": "ran", "id": step, "outcome": {"stdout": "", "stderr": "", "result": None, "error": None, "variables": [], "changes": [],
  "abridged": [], "dropped": {"stdout": 0, "stderr": 0, "result": 0}, "finalAnswer": None, "durationMs": 1.0}}
space = {}
while True:
    os.write(3, json.dumps(fake).encode())
    message = json.loads(os.read(3, int(os.read(3, 16))))
    fake["id"] = message["id"]
    if message["kind"] == "read": fake = {"kind": "value", "id": message["id"], "value": None}`,
  'an answer is forged under two kinds': `
import json, os
step = cell(own("call_host"), "state").cell_contents["id"]
fake = {"kind": "ran", "id": step, "outcome": {"stdout": "", "stderr": "", "result": None, "error": None, "variables": [], "changes": [],
  "abridged": [], "dropped": {"stdout": 0, "stderr": 0, "result": 0}, "finalAnswer": None, "durationMs": 1.0}}
while True:
    os.write(3, ('{"kind": "call", ' + json.dumps(fake)[1:]).encode())
    message = json.loads(os.read(3, int(os.read(3, 16))))
    fake["id"] = message["id"]`,
  'a class of the runner has other bases': `
kind = type(grep("one"))
try: kind.__bases__ = (type("Other", (kind.__bases__[0],), {"__repr__": lambda self: "lie"}),)
except TypeError: pass`,
  'a generator runs on in the frames below': `
def steps():
    frame = sys._getframe()
    yield
    while frame: 
        if frame.f_code.co_name in ("run", "report", "answer"): frame.f_locals["changes"] = []
        frame = frame.f_back
alive = steps(); next(alive)
class Late:
    def __del__(self): next(alive, None)
frame_of("run").f_locals["late"] = Late()`,
};

/** After the attack: code, and the variables it changes. */
const later: readonly (readonly [string, readonly string[]])[] = [
  ['kept.append(3)', ['kept']],
  ['fresh = {"a": [1]}', ['fresh']],
  ['fresh["a"].append(2); kept.append(4)', ['fresh', 'kept']],
  ['del fresh', ['fresh']],
];

describePython(
  'code that finds what keeps the record of a Python session',
  (backend) => {
    let sandboxes: SandboxProcess;

    before(() => {
      sandboxes = createSandboxes(backend);
    });
    after(() => sandboxes.dispose());

    for (const [name, code] of Object.entries(attacks)) {
      it(`hides no change where ${name}`, async () => {
        const repl = await Repl.open(sandboxes, { context: 'one two', maxMemoryMb: 64 });
        await repl.run('kept = [1, 2]');
        await repl.run(prelude);
        let lost = false;
        const check = async (step: string, names: readonly string[]): Promise<void> => {
          const outcome = await repl.run(step, { timeoutMs: 3_000 });
          lost ||= outcome.stateLost;
          if (lost) {
            return;
          }
          const told = outcome.changes.map((change) => change.name);
          assert.deepStrictEqual(
            names.filter((one) => !told.includes(one)),
            [],
            `${step}\n${outcome.error?.traceback ?? ''}`,
          );
        };
        await check(`kept.append("h")\nmade = 1\n${code}`, ['kept', 'made']);
        for (const [step, names] of later) {
          await check(step, names);
        }
        if (lost) {
          assert.equal(await repl.evaluate('kept = [1]\nkept'), '[1]');
        }
        repl.sandbox.dispose();
      });
    }
  },
  ['wasm'],
);
