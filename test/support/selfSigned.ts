// A certificate for 127.0.0.1 made on the spot, so that no key lies about in the repository.

import { type KeyObject, generateKeyPairSync, sign } from 'node:crypto';

interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

/** Source: RFC 5280, section 4.1; X.690 for the encoding. `serial` tells one from another. */
export function createSelfSigned(serial: number): PemPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = toBody(publicKey, serial);
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' });
  const certificate = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const base64 = certificate.toString('base64').replace(/.{64}/gu, '$&\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function toBody(publicKey: KeyObject, serial: number): Buffer {
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('rlm test')))));
  const times = sequence(utcTime('250101000000Z'), utcTime('490101000000Z'));
  const address = sequence(der(0x87, Buffer.from([127, 0, 0, 1])));
  const names = sequence(oid('551d11'), der(0x04, address));
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    ecdsaWithSha256,
    name,
    times,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(names)),
  );
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
