// Loads the packages of `libraries.ts`, which are a bundle of their own.

import type * as libraries from './libraries';

export type Libraries = typeof libraries;

export function loadLibraries(): Promise<Libraries> {
  return import('./libraries');
}
