// The package for YAML: a bundle of its own (`yaml.js` in a build), loaded where a file of kubectl's is read.

export { parse } from 'yaml';
