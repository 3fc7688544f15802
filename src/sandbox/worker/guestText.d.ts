// Code for the JavaScript guest is bundled as text.

declare module '*.guest.txt' {
  const source: string;
  export default source;
}
