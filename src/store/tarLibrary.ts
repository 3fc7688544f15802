// The package for archives: a bundle of its own (`tar.js` in a build), loaded for a backup or a restore.

export { extract, pack } from 'tar-stream';
