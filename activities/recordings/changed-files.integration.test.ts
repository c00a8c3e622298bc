/** Transfers of files that the provider replaces, and of a storage that fails, between two attempts. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { checksumOf, useRecordingHarness } from '../../tests/harness/recording-harness.ts';

const setUp = useRecordingHarness();
const megabyte = 1_000_000;

/** The environment of an attempt after one that has reported the version. */
const attemptAfter = (version?: string) => {
  const environment = new MockActivityEnvironment(
    { heartbeatDetails: version === undefined ? undefined : { stored: 0, version } },
    { logger: new DefaultLogger('ERROR') },
  );
  const versions: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => versions.push(Object(details).version));
  return { environment, versions };
};

/** Returns an upload of a file of 20 MB that was broken after 9 MB. */
const brokenTransfer = async (version?: string) => {
  const harness = await setUp();
  const { uuid, files } = harness.record({
    files: [{ type: 'MP4', size: 20 * megabyte }],
    cutAfter: 9 * megabyte,
    ...(version === undefined ? {} : { version }),
  });
  const [file] = files;
  const [input] = await harness.filesToStore();
  if (!file || !input) throw new Error('the recording has no file');
  const { environment, versions } = attemptAfter();
  await expect(harness.run.storeFile(input, environment)).rejects.toMatchObject({ type: 'outage' });
  const folder = join(harness.directory, 'org_1', harness.call.auditionId, input.recording);
  const partial = async (): Promise<number> => {
    const [name] = await readdir(folder);
    return name === undefined ? 0 : (await stat(join(folder, name))).size;
  };
  return { ...harness, uuid, file, input, versions, partial };
};

describe('the transfer of a file with a version', () => {
  it('reports the version in a heartbeat, and continues with the same one', async () => {
    const { run, input, file, versions, partial } = await brokenTransfer('v1');
    expect(versions).toEqual(['"v1"']);
    expect(await partial()).toBeGreaterThan(8 * megabyte);
    const { environment } = attemptAfter('"v1"');
    expect(await run.storeFile(input, environment)).toMatchObject({ sha256: checksumOf(file) });
  });

  it('begins again when the provider has replaced the file', async () => {
    const { run, input, uuid, file, sandbox, partial } = await brokenTransfer('v1');
    const replaced = sandbox.control.replaceRecordingFile(uuid, {
      file: file.id,
      size: 20 * megabyte,
      version: 'v2',
    });
    await expect(run.storeFile(input, attemptAfter('"v1"').environment)).rejects.toMatchObject({
      type: 'retry',
      nonRetryable: false,
    });
    expect(await partial()).toBe(0);
    expect(await run.storeFile(input, attemptAfter('"v1"').environment)).toMatchObject({
      sha256: checksumOf(replaced),
    });
  });

  it('begins again when the version of the stored bytes is not known', async () => {
    const { run, input, file } = await brokenTransfer('v1');
    await expect(run.storeFile(input, attemptAfter().environment)).rejects.toMatchObject({ type: 'retry' });
    expect(await run.storeFile(input, attemptAfter().environment)).toMatchObject({
      sha256: checksumOf(file),
    });
  });
});

describe('the transfer of a file that has another size than it was listed with', () => {
  it.each([15, 30])('stores the present file of %i MB, without bytes of the former one', async (size) => {
    const { run, input, uuid, file, sandbox, partial } = await brokenTransfer();
    const replaced = sandbox.control.replaceRecordingFile(uuid, { file: file.id, size: size * megabyte });
    await expect(run.storeFile(input)).rejects.toMatchObject({ type: 'retry', nonRetryable: false });
    expect(await partial()).toBe(0);
    const stored = await run.storeFile(input);
    expect(stored).toMatchObject({ size: size * megabyte, sha256: checksumOf(replaced) });
    expect(await run.storeFile(input)).toEqual(stored);
  });
});

describe('the transfer into a storage that fails midway', () => {
  it('continues after the bytes that are stored', async () => {
    let left = 6 * megabyte;
    const harness = await setUp({
      wrapStorage: (storage) => ({
        ...storage,
        upload: async (key, size, call) => {
          const upload = await storage.upload(key, size, call);
          return {
            ...upload,
            get durable() {
              return upload.durable;
            },
            write: async (bytes) => {
              left -= bytes.length;
              if (left < 0 && left > -2 * megabyte) {
                left = -3 * megabyte;
                throw new ProviderError(
                  'storage',
                  'files.store',
                  { kind: 'outage', effect: 'unknown' },
                  {
                    message: 'the storage does not answer',
                  },
                );
              }
              await upload.write(bytes);
            },
          };
        },
      }),
    });
    const { files } = harness.record({ files: [{ type: 'MP4', size: 12 * megabyte }] });
    const [file] = files;
    const [input] = await harness.filesToStore();
    if (!file || !input) throw new Error('the recording has no file');
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'outage' });
    await harness.timePasses();
    expect(await harness.run.storeFile(input)).toMatchObject({ sha256: checksumOf(file) });
  });
});
