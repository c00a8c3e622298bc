import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { expectStorageContract } from '../../tests/harness/storage-contract.ts';
import { createFileSystemCheck, createFileSystemStorage } from './file-system.ts';

const setUp = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'recordings-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { directory, storage: createFileSystemStorage(directory) };
};

describe('storage in the file system', () => {
  expectStorageContract(async () => (await setUp()).storage);

  it('shows a file under its key only when it is complete', async () => {
    const { directory, storage } = await setUp();
    const upload = await storage.upload('org_1/a.mp4', 6, callContext());
    await upload.write(Buffer.from('abcdef'));
    expect(await readdir(join(directory, 'org_1'))).toEqual(['a.mp4.part']);
    await upload.complete();
    expect(await readdir(join(directory, 'org_1'))).toEqual(['a.mp4']);
    expect(await readFile(join(directory, 'org_1/a.mp4'), 'utf8')).toBe('abcdef');
  });

  it('refuses a file that does not fit on the disk before it writes a byte', async () => {
    const { storage } = await setUp();
    const failure = await storage.upload('org_1/huge.mp4', 2 ** 60, callContext()).catch((error) => error);
    expect(failure).toBeInstanceOf(ProviderError);
    expect(failure).toMatchObject({ fault: { kind: 'retry_after' }, vendor: { code: 'ENOSPC' } });
  });

  it.each(['../secret', 'org_1/../../secret', '/etc/passwd', 'org_1//a', 'org_1/a b', ''])(
    'refuses the key %j',
    async (key) => {
      const { storage } = await setUp();
      await expect(storage.find(key, callContext())).rejects.toThrow(RangeError);
    },
  );

  it('reports a directory that cannot be created as misconfigured', async () => {
    const { directory } = await setUp();
    await writeFile(join(directory, 'file'), '');
    await expect(createFileSystemCheck(join(directory, 'file', 'below'))()).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
    await expect(createFileSystemCheck(join(directory, 'new'))()).resolves.toBeUndefined();
  });

  it('is read back with the checksum of what was written', async () => {
    const { storage } = await setUp();
    const bytes = Buffer.alloc(5_000_001, 'castmatch');
    const upload = await storage.upload('org_1/b.mp4', bytes.length, callContext());
    await upload.write(bytes);
    await upload.complete();
    const hash = createHash('sha256');
    for await (const chunk of await storage.read('org_1/b.mp4', { start: 0 }, callContext()))
      hash.update(chunk);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});
