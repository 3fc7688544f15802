// Guesses encodings in the test's own thread.

import type { DetectEncoding } from '../../src/context/findEncoding';
import { guessEncoding } from '../../src/context/guessEncoding';

export const detectHere: DetectEncoding = async (sample) => guessEncoding(sample);
