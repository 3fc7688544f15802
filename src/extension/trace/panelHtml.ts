// The page around the viewer: it may load our two files and nothing else. The editor's translations stand
// in it as data, so that the viewer has its words before it draws.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { toInertJson } from '../../export/htmlPage';
import { wordsPart } from '../../protocol/viewer';

/** Where the viewer's files are; nothing else of the extension can be loaded. */
export function toResourceRoots(extensionUri: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')];
}

export function toPanelHtml(
  webview: Pick<vscode.Webview, 'asWebviewUri' | 'cspSource'>,
  extensionUri: vscode.Uri,
): string {
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
<html lang="${vscode.l10n.bundle ? vscode.env.language : 'en'}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>RLM</title>
    <link rel="stylesheet" nonce="${nonce}" href="${toAddress('viewer.css')}" />
  </head>
  <body>
    <script type="application/json" id="${wordsPart}">${toInertJson(vscode.l10n.bundle ?? {})}</script>
    <script nonce="${nonce}" src="${toAddress('viewer.js')}"></script>
  </body>
</html>
`;
}
