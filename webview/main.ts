// The webview's entry.

import './style/base.css';
import './style/steps.css';
import './style/parts.css';

import { connectToEditor } from './host';
import { registerControls } from './toolkit';
import { Viewer } from './viewer';

registerControls();
const root = document.createElement('div');
root.id = 'viewer';
document.body.append(root);
void new Viewer(root, connectToEditor()).run();
