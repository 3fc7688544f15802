// Commands that make other bytes of all bytes: base64 and checksums.

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  CommandFailure,
  createCommand,
  parseCount,
  parseOptions,
  readInputs,
  toByteText,
} from './commandLine';
import { fromLatin1 } from './treeFs';

const base64 = createCommand('base64', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 'di',
    values: 'w',
    long: { decode: 'd', wrap: 'w', 'ignore-garbage': 'i' },
  });
  const [input] = await readInputs(context, { names: options.operands.slice(0, 1), output });
  if (options.operands.length > 1) {
    throw new CommandFailure(`extra operand '${options.operands[1] ?? ''}'`, 1);
  }
  const bytes = input?.bytes ?? '';
  if (options.has('d')) {
    const text = options.has('i')
      ? bytes.replace(/[^A-Za-z0-9+/=]/gu, '')
      : bytes.replaceAll('\n', '');
    const good =
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/u.exec(text)?.[0] ?? '';
    const rest = text.slice(good.length);
    const cut = good.endsWith('=') ? '' : (/^[A-Za-z0-9+/]{2,3}/u.exec(rest)?.[0] ?? '');
    output.write(Buffer.from(`${good}${cut}`, 'base64').toString('latin1'));
    if (rest !== '') {
      output.fail('invalid input');
    }
    return;
  }
  const width = parseCount(options.last('w') ?? '76', 'wrap size');
  const text = Buffer.from(bytes, 'latin1').toString('base64');
  const lines =
    width === 0 ? [text] : (text.match(new RegExp(`.{1,${Math.min(width, 60_000)}}`, 'gu')) ?? []);
  output.write(width === 0 ? text : lines.map((line) => `${line}\n`).join(''));
});

const digests = ['md5', 'sha1', 'sha256', 'sha512'].map((algorithm) => {
  const name = `${algorithm}sum`;
  return createCommand(name, async (args, context, output) => {
    const options = parseOptions(args, { flags: '' });
    for (const { name: file, bytes } of await readInputs(context, {
      names: options.operands,
      output,
    })) {
      const digest = createHash(algorithm).update(fromLatin1(bytes)).digest('hex');
      if (/[\\\n]/u.test(file)) {
        throw new CommandFailure(
          'a name with a backslash or a line’s end is not supported here',
          1,
        );
      }
      output.write(`${digest}  ${toByteText(file)}\n`);
    }
  });
});

export const digestCommands = [base64, ...digests];
