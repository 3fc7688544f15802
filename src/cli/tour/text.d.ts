// REPL code is bundled as text (esbuild's text loader), named .txt so that it is not taken for a part of the sandbox.

declare module '*.py.txt' {
  const text: string;
  export default text;
}
