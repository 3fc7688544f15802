// Profiles that come with the program are bundled as text (esbuild's text loader).

declare module '*.yaml' {
  const text: string;
  export default text;
}
