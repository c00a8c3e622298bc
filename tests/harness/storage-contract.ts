/** The tests that every storage of files must pass. */
import { expect, it } from 'vitest';
import type { FileStorage } from '../../providers/ports.ts';
import { callContext } from './call-context.ts';

const mebibyte = 1024 * 1024;

const textOf = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
};

/** Returns bytes that differ from place to place. */
const someBytes = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 12)) % 251;
  return bytes;
};

/** Registers the tests. Each gets a storage without files, or with keys of its own. */
export const expectStorageContract = (create: () => Promise<FileStorage>): void => {
  it('stores a file in several blocks and reads a part of it', async () => {
    const storage = await create();
    const bytes = someBytes(20 * mebibyte + 17);
    const upload = await storage.upload('org_1/aud_1/rec_1/a.mp4', bytes.length, callContext());
    for (let from = 0; from < bytes.length; from += 65_536) {
      await upload.write(bytes.subarray(from, from + 65_536));
    }
    await upload.complete();
    expect(await storage.find('org_1/aud_1/rec_1/a.mp4', callContext())).toBe(bytes.length);
    const start = 8 * mebibyte - 5;
    const part = await storage.read('org_1/aud_1/rec_1/a.mp4', { start, end: start + 9 }, callContext());
    expect(await textOf(part)).toBe(bytes.subarray(start, start + 10).toString('latin1'));
    const whole = await storage.read('org_1/aud_1/rec_1/a.mp4', { start: 0 }, callContext());
    expect((await textOf(whole)) === bytes.toString('latin1')).toBe(true);
  });

  it.each([undefined, 0])('stores a file of 0 bytes whose size is listed as %s', async (size) => {
    const storage = await create();
    const key = `org_1/empty-${size ?? 'unknown'}.txt`;
    const upload = await storage.upload(key, size, callContext());
    await upload.complete();
    expect(await storage.find(key, callContext())).toBe(0);
    expect(await textOf(await storage.read(key, { start: 0 }, callContext()))).toBe('');
    expect(await storage.remove(key, callContext())).toBe('deleted');
  });

  it('continues a suspended file after its stored bytes', async () => {
    const storage = await create();
    const bytes = someBytes(21 * mebibyte);
    const first = await storage.upload('org_1/continued.mp4', bytes.length, callContext());
    await first.write(bytes.subarray(0, 18 * mebibyte));
    await first.suspend();
    expect(await storage.find('org_1/continued.mp4', callContext())).toBeUndefined();
    const second = await storage.upload('org_1/continued.mp4', bytes.length, callContext());
    expect(second.offset).toBeGreaterThanOrEqual(8 * mebibyte);
    expect(second.offset).toBeLessThanOrEqual(18 * mebibyte);
    await second.write(bytes.subarray(second.offset));
    await second.complete();
    const whole = await storage.read('org_1/continued.mp4', { start: 0 }, callContext());
    expect((await textOf(whole)) === bytes.toString('latin1')).toBe(true);
  });

  it('deletes a file, and an incomplete one with its parts', async () => {
    const storage = await create();
    const complete = await storage.upload('org_1/complete.vtt', 5, callContext());
    await complete.write(Buffer.from('WEBVT'));
    await complete.complete();
    const partial = await storage.upload('org_1/partial.mp4', 10 * mebibyte, callContext());
    await partial.write(someBytes(9 * mebibyte));
    await partial.suspend();
    for (const key of ['org_1/complete.vtt', 'org_1/partial.mp4']) {
      expect(await storage.remove(key, callContext())).toBe('deleted');
      expect(await storage.remove(key, callContext())).toBe('absent');
    }
    const again = await storage.upload('org_1/partial.mp4', 10, callContext());
    expect(again.offset).toBe(0);
    await again.suspend();
  });

  it('reports an absent file as not found', async () => {
    const storage = await create();
    expect(await storage.find('org_1/absent.mp4', callContext())).toBeUndefined();
    await expect(storage.read('org_1/absent.mp4', { start: 0 }, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });

  it('stops writing when its call is aborted', async () => {
    const storage = await create();
    const abort = new AbortController();
    const call = { ...callContext(), signal: abort.signal };
    const upload = await storage.upload('org_1/aborted.mp4', 100 * mebibyte, call);
    await upload.write(someBytes(10 * mebibyte));
    abort.abort();
    const more = async () => {
      for (let count = 0; count < 5; count += 1) await upload.write(someBytes(9 * mebibyte));
    };
    await expect(more()).rejects.toMatchObject({ name: 'ProviderError' });
    await upload.suspend();
    expect(await storage.find('org_1/aborted.mp4', callContext())).toBeUndefined();
  });
};
