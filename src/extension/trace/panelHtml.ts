// The page around the viewer: it may load our two files and nothing else.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Where the viewer's files are; nothing else of the extension can be loaded. */
export function toResourceRoots(extensionUri: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')];
}

export function toPanelHtml(webview: vscode.Webview, extensionUri: vscode.Uri): string {
  const [folder = extensionUri] = toResourceRoots(extensionUri);
  const toAddress = (file: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>RLM</title>
    <link rel="stylesheet" nonce="${nonce}" href="${toAddress('viewer.css')}" />
  </head>
  <body>
    <script nonce="${nonce}" src="${toAddress('viewer.js')}"></script>
  </body>
</html>
`;
}
