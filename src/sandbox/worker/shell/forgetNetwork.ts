// Before the shell's engine is loaded, which looks at these: a look alone would load Node's client of HTTP, which leaves
// something behind that cannot be removed.

for (const name of [
  'Headers',
  'Request',
  'Response',
  'FormData',
  'fetch',
  'WebSocket',
  'EventSource',
]) {
  Reflect.deleteProperty(globalThis, name);
}
