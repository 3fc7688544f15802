// Finds a Chromium on this machine: the one named in CHROMIUM, else where each platform puts it.

import { existsSync } from 'node:fs';
import path from 'node:path';

const { CHROMIUM, PROGRAMFILES = '', 'PROGRAMFILES(X86)': programFiles86 = '' } = process.env;
const places = {
  linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: [
    path.join(PROGRAMFILES, 'Google/Chrome/Application/chrome.exe'),
    path.join(programFiles86, 'Microsoft/Edge/Application/msedge.exe'),
  ],
};

/** Undefined where there is none. */
export function findBrowser() {
  const known = places[process.platform] ?? places.linux;
  return [CHROMIUM, ...known].find((file) => file && existsSync(file));
}
