// Imported before the toolkit: it probes the browser with a style element, which the page's policy lets
// in only by its nonce, and looks for that nonce here. Source: fast-web-utilities, dom.js, getNonce.

const nonce = document.currentScript?.nonce;
if (nonce) {
  const meta = document.createElement('meta');
  meta.setAttribute('property', 'csp-nonce');
  meta.content = nonce;
  document.head.append(meta);
}
