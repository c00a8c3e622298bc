/**
 * Makes the provider of a recording fail in each way, at each call of each step. Afterwards looks at what is stored and at what is
 * left at the provider: one whole file, and no copy that was removed before.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FaultRequest } from '../../infra/sandbox/faults/fault.ts';
import { meetingFaults, repeatUntilDone } from '../../tests/harness/meeting-leftovers.ts';
import { checksumOf, useRecordingHarness } from '../../tests/harness/recording-harness.ts';

const setUp = useRecordingHarness();
const size = 3_000_000;

const providers = [
  {
    provider: 'zoom',
    vendor: 'zoom',
    calls: [
      'token',
      'meetings.instances',
      'recordings.get',
      'recordings.download',
      'recordings.archive',
      'recordings.deleteFile',
    ],
  },
  {
    provider: 'google_meet',
    vendor: 'google',
    calls: ['token', 'conferenceRecords.list', 'recordings.list', 'transcripts.list', 'files.get'],
  },
] as const;

const setup = async (provider: 'zoom' | 'google_meet') => {
  const bench = await setUp({ provider });
  const { sandbox, directory, call } = bench;
  const [file] =
    provider === 'zoom'
      ? bench.record({ files: [{ type: 'MP4', size }] }).files
      : bench.recordSession({ files: [{ type: 'video', size }] });
  if (!file) throw new Error('nothing was recorded');
  const stored = async () => {
    const names = await readdir(join(directory, 'org_1', call.auditionId), { recursive: true });
    return names.filter((name) => name.includes('.'));
  };
  /** The files at Zoom. */
  const atProvider = () => sandbox.control.state().zoom.recordings.flatMap((one) => one.files);
  return { ...bench, file, stored, atProvider };
};

describe.each(providers)('a recording at $provider', ({ provider, vendor, calls }) => {
  describe.each(meetingFaults)('that %s', (_, fault) => {
    it.each(calls)('once at %s is stored whole, and removed there after that only', async (operation) => {
      const bench = await setup(provider);
      const { run, file, sandbox } = bench;
      const failOnce = () => {
        const once: FaultRequest = { ...fault, operation, times: 1 };
        sandbox.control.setFault(vendor, once);
      };
      const repeat = <Result>(step: () => Promise<Result>) => repeatUntilDone(bench, step);
      failOnce();
      const [input, ...others] = await repeat(bench.filesToStore);
      expect(others).toEqual([]);
      if (!input) throw new Error('the provider has failed to list the recording, and counts as without one');
      failOnce();
      expect(await repeat(() => run.storeFile(input))).toMatchObject({ size, sha256: checksumOf(file) });
      const { recording, instance } = input;
      await run.completeRecording({ ...bench.call, recording });
      expect(await bench.stored()).toEqual([expect.stringMatching(/\/[0-9a-f]{20}\.mp4$/)]);
      if (provider === 'google_meet') return;
      expect(bench.atProvider()).toHaveLength(1);
      failOnce();
      const key = `recording/${recording}:delete`;
      const removal = { ...bench.call, key, recording, instance, action: 'delete' } as const;
      expect(await repeat(() => run.removeAtProvider(removal))).toMatchObject({ result: expect.any(String) });
      expect(bench.atProvider()).toEqual([]);
    });
  });
});

it.each([401, 403, 404, 410])(
  'a file whose address is refused with %i is asked for again without an operator',
  async (status) => {
    const { filesToStore, run, sandbox } = await setup('zoom');
    const [input] = await filesToStore();
    if (!input) throw new Error('the recording has no file');
    sandbox.control.setFault('zoom', { kind: 'refusal', status, operation: 'recordings.download', times: 1 });
    await expect(run.storeFile(input)).rejects.toMatchObject({ type: 'retry', nonRetryable: false });
    expect(await run.storeFile(input)).toMatchObject({ size });
  },
);
