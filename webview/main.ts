// The webview's entry.

import './style/base.css';
import './style/steps.css';
import './style/parts.css';
import './style/agent.css';

import { connectToPage } from './exportedPage';
import { connectToEditor } from './host';
import { startPageTheme } from './pageTheme';
import { registerControls } from './toolkit';
import { Viewer } from './viewer';

const connection = 'acquireVsCodeApi' in globalThis ? connectToEditor() : connectToPage();
if (connection.place === 'page') {
  startPageTheme();
}
registerControls();
const root = document.createElement('div');
root.id = 'viewer';
document.body.append(root);
void new Viewer(root, connection).run();
