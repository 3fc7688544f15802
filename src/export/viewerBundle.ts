// The built viewer, as an exported page takes it in.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../core/errors';

export interface ViewerBundle {
  readonly script: string;
  /** The viewer's own style, after the colours that the editor would give it. */
  readonly style: string;
}

/**
 * `folder`: the build's `dist/webview`.
 * @throws RlmError 'INTERNAL_ERROR' when it is not all there.
 */
export async function readViewerBundle(folder: string): Promise<ViewerBundle> {
  const read = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  try {
    const [script, pageStyle, viewerStyle] = await Promise.all(
      ['viewer.js', 'page.css', 'viewer.css'].map(read),
    );
    return { script: script ?? '', style: `${pageStyle ?? ''}${viewerStyle ?? ''}` };
  } catch (error) {
    throw new RlmError('INTERNAL_ERROR', `The viewer is not in ${folder}.`, {
      cause: error,
      nextStep: 'Install the package again, or export as JSON or Markdown.',
    });
  }
}
