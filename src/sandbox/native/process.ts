// Entry of the process that holds places of this machine: it starts programs, and runs no code of a session
// itself.

import { serveEngine } from '../serveEngine';
import { createNativeSource } from './nativeSource';

serveEngine(__dirname, createNativeSource(__dirname));
