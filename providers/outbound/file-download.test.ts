import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
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
