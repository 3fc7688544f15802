// Entry of the sandbox process: engines on WebAssembly, behind the walls that the runtime has.

import { serveEngine } from './serveEngine';
import { createThreadSource } from './threadWorker';

serveEngine(__dirname, createThreadSource(__dirname));
