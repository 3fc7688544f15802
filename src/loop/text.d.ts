// Code for the sandbox is bundled as text (esbuild's text loader).

declare module '*.js.txt' {
  const text: string;
  export default text;
}
