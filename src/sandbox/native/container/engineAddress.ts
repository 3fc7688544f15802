// Where a container server is, as it is named: a socket or named pipe of this machine, or TCP. Over TCP to another
// machine only TLS is spoken, by the certificates that docker's own variables name: whoever reaches such a server has
// that machine.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import path from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { createUnavailable } from '../unavailable';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EngineAddress {
  readonly where: Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;
  /** Null: nothing is encrypted, and nothing leaves this machine. */
  readonly tls: (SecureContextOptions & { readonly servername: string }) | null;
}

/**
 * `unix:///…`, `npipe:////./pipe/…`, `tcp://…:2376`; null: it names a program.
 * @throws RlmError 'BACKEND_UNAVAILABLE'
 */
export async function readEngineAddress(
  named: string,
  environment: Environment,
): Promise<EngineAddress | null> {
  const [scheme = '', rest = ''] = named.split(/:\/\/(.*)/su);
  switch (scheme) {
    case 'unix':
      return { where: { socketPath: rest }, tls: null };
    case 'npipe':
      return { where: { socketPath: rest.replaceAll('/', '\\') }, tls: null };
    case 'tcp':
    case 'http':
    case 'https':
      return readTcp(named, rest, environment);
    default:
      return null;
  }
}

/** Where servers of this user or this system listen unless told otherwise, and where the environment says. */
export function listUsualAddresses(environment: Environment): readonly string[] {
  const { HOME = '', XDG_RUNTIME_DIR = '', DOCKER_HOST = '', CONTAINER_HOST = '' } = environment;
  const told = [DOCKER_HOST, CONTAINER_HOST].filter((one) => one.includes('://'));
  if (process.platform === 'win32') {
    return [...told, 'npipe:////./pipe/docker_engine'];
  }
  const sockets = [
    ...(XDG_RUNTIME_DIR === ''
      ? []
      : ['podman/podman.sock', 'docker.sock'].map((name) => path.join(XDG_RUNTIME_DIR, name))),
    ...(HOME === '' ? [] : [path.join(HOME, '.docker/run/docker.sock')]),
    '/var/run/docker.sock',
    '/run/podman/podman.sock',
  ];
  return [...told, ...sockets.filter((file) => existsSync(file)).map((file) => `unix://${file}`)];
}

async function readTcp(
  named: string,
  rest: string,
  environment: Environment,
): Promise<EngineAddress> {
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):(\d{1,5})\/?$/iu.exec(rest);
  if (!parts) {
    throw createUnavailable(
      `${named} is no address of a container server.`,
      'Name a socket (unix:///run/podman/podman.sock), or host and port (tcp://build.example:2376).',
    );
  }
  const host = (parts[1] ?? '').replace(/[[\]]/gu, '');
  const where = { host, port: Number(parts[2]) };
  const { DOCKER_TLS_VERIFY = '', DOCKER_CERT_PATH = '', USERPROFILE = '' } = environment;
  const { HOME = USERPROFILE } = environment;
  const isTls = DOCKER_TLS_VERIFY !== '' || DOCKER_CERT_PATH !== '' || named.startsWith('https:');
  if (!isTls && !['127.0.0.1', 'localhost', '::1'].includes(host)) {
    throw createUnavailable(
      `${named} is not a container server of this machine, and TCP without TLS lets anybody on the way take it over.`,
      'Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH (the folder with ca.pem, cert.pem and key.pem); or name a socket (unix:///run/podman/podman.sock).',
    );
  }
  const folder = DOCKER_CERT_PATH === '' ? path.join(HOME, '.docker') : DOCKER_CERT_PATH;
  return { where, tls: isTls ? { ...(await readCertificates(folder)), ...toName(host) } : null };
}

/** Left to itself Node takes the name from the Host header. */
function toName(host: string): { readonly servername: string } {
  return { servername: isIP(host) === 0 ? host : '' };
}

async function readCertificates(folder: string): Promise<SecureContextOptions> {
  const read = async (name: string): Promise<Buffer> => {
    const file = path.join(folder, name);
    return readFile(file).catch((error: Error) => {
      throw createUnavailable(
        `A container server was named by TCP, but its certificates cannot be read: ${error.message}.`,
        'Put ca.pem, cert.pem and key.pem into the folder that DOCKER_CERT_PATH names, or name a socket of this machine.',
      );
    });
  };
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map(read));
  return { ca, cert, key };
}
