import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { openFile } from './file-download.ts';
import type { Download } from './guarded-download.ts';

const content = 'all bytes of the file';

const answer = (status: number, body: string, headers: Readonly<Record<string, string>>): Download => ({
  status,
  header: (name) => headers[name],
  body: Readable.from([Buffer.from(body)]),
  discard: async () => {},
});

/** @param refusedRange the `Content-Range` of the refusal; undefined: the server does not say how long the file is */
const open = async (offset: number, refusedRange: string | undefined) => {
  const ranges: (string | undefined)[] = [];
  const file = await openFile(
    async (_url, { headers }) => {
      const { range } = headers;
      ranges.push(range);
      return range === undefined
        ? answer(200, content, { 'content-length': String(content.length) })
        : answer(416, '', refusedRange === undefined ? {} : { 'content-range': refusedRange });
    },
    { url: new URL('https://files.test/1'), token: undefined, offset },
    callContext(),
    {
      refused: ({ status }) => {
        throw new Error(`refused with ${status}`);
      },
      broken: (error) => {
        throw error;
      },
    },
  );
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.body) chunks.push(chunk);
  return { file, ranges, text: Buffer.concat(chunks).toString() };
};

describe('a download that begins where the file ends', () => {
  it('has no bytes when the server confirms the size', async () => {
    const { file, ranges, text } = await open(content.length, `bytes */${content.length}`);
    expect(file).toMatchObject({ offset: content.length, size: content.length });
    expect([text, ranges]).toEqual(['', [`bytes=${content.length}-`]]);
  });

  it.each([
    ['the file has another size', `bytes */${content.length}`, content.length + 5],
    ['the server does not say the size', undefined, content.length],
  ])('begins with the first byte when %s', async (_when, refusedRange, offset) => {
    const { file, text } = await open(offset, refusedRange);
    expect(file).toMatchObject({ offset: 0, size: content.length });
    expect(text).toBe(content);
  });
});

const openAs = (status: number, headers: Readonly<Record<string, string>>) =>
  openFile(
    async () => answer(status, content.slice(10), headers),
    { url: new URL('https://files.test/1'), token: undefined, offset: 10 },
    callContext(),
    {
      refused: (refusal) =>
        new ProviderError(
          'zoom',
          'recordings.download',
          { kind: 'outage', effect: 'none' },
          { status: refusal.status, message: 'refused' },
        ),
      broken: (error) => {
        throw error;
      },
    },
  );

describe('a part of a file', () => {
  it('begins where the server says', async () => {
    const size = content.length;
    const file = await openAs(206, { 'content-range': `bytes 10-${size - 1}/${size}` });
    expect(file).toMatchObject({ offset: 10, size });
  });

  it.each([
    ['does not say where it begins', {}],
    ['has several ranges', { 'content-type': 'multipart/byteranges; boundary=b' }],
    ['says something unreadable', { 'content-range': 'bytes 10-/*' }],
    ['is compressed', { 'content-range': 'bytes 10-20/21', 'content-encoding': 'gzip' }],
  ])('is refused when it %s', async (_what, headers) => {
    await expect(openAs(206, { 'content-length': '11', ...headers })).rejects.toMatchObject({
      fault: { kind: 'outage' },
    });
  });

  it('is refused when the whole file is compressed', async () => {
    await expect(openAs(200, { 'content-encoding': 'br' })).rejects.toMatchObject({
      fault: { kind: 'outage' },
    });
    await expect(openAs(200, { 'content-encoding': 'identity' })).resolves.toMatchObject({ offset: 0 });
  });
});
