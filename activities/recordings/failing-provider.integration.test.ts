/**
 * Makes the provider of a recording fail in each way, at each call of each step. Afterwards looks at what is stored and at what is
 * left at the provider: one whole file, and no copy that was removed before.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MeetingProviderName, meetingVendors } from '../../domain/providers/vendors.ts';
import { type Failure, faultCells, repeatUntilDone } from '../../tests/harness/meeting-leftovers.ts';
import { checksumOf, useRecordingHarness } from '../../tests/harness/recording-harness.ts';

const setUp = useRecordingHarness();
const size = 3_000_000;

const recorded = [
  {
    provider: 'zoom',
    file: 'video',
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
    file: 'video',
    calls: ['token', 'conferenceRecords.list', 'recordings.list', 'transcripts.list', 'files.get'],
  },
  { provider: 'google_meet', file: 'transcript', calls: ['files.get', 'files.export'] },
  {
    provider: 'microsoft_teams',
    file: 'video',
    calls: ['token', 'recordings.list', 'transcripts.list', 'recordings.content'],
  },
  { provider: 'microsoft_teams', file: 'transcript', calls: ['transcripts.list', 'transcripts.content'] },
] as const;

const formats = {
  zoom: { video: 'mp4', transcript: 'vtt' },
  google_meet: { video: 'mp4', transcript: 'txt' },
  microsoft_teams: { video: 'mp4', transcript: 'vtt' },
} as const;

type FileType = 'video' | 'transcript';

const setup = async (provider: MeetingProviderName, type: FileType = 'video') => {
  const bench = await setUp({ provider });
  const { sandbox, directory, call } = bench;
  const [file] =
    provider === 'zoom'
      ? bench.record({ files: [{ type: 'MP4', size }] }).files
      : bench.recordSession({ files: [{ type, size }] });
  if (!file) throw new Error('nothing was recorded');
  const stored = async () => {
    const names = await readdir(join(directory, 'org_1', call.auditionId), { recursive: true });
    return names.filter((name) => name.includes('.'));
  };
  /** The files at Zoom. */
  const atProvider = () => sandbox.control.state().zoom.recordings.flatMap((one) => one.files);
  const failOnce = (fault: Failure, operation: string) =>
    sandbox.control.setFault(meetingVendors[provider].vendor, { ...fault, operation, times: 1 });
  return { ...bench, file, stored, atProvider, failOnce };
};

describe.each(recorded)('a $file at $provider', ({ provider, file: type, calls }) => {
  it.each(faultCells(calls, 'once'))(
    'that %s once at %s is stored whole, and removed there after that only',
    async (_, operation, fault) => {
      const bench = await setup(provider, type);
      const { run, file } = bench;
      const failOnce = () => bench.failOnce(fault, operation);
      const repeat = <Result>(step: () => Promise<Result>) => repeatUntilDone(bench, step);
      failOnce();
      const [input, ...others] = await repeat(bench.filesToStore);
      expect(others).toEqual([]);
      if (!input) throw new Error('the provider has failed to list the recording, and counts as without one');
      failOnce();
      expect(await repeat(() => run.storeFile(input))).toMatchObject({ size, sha256: checksumOf(file) });
      const { recording, instance } = input;
      await run.completeRecording({ ...bench.call, recording });
      expect(await bench.stored()).toEqual([
        expect.stringMatching(new RegExp(`/[0-9a-f]{20}\\.${formats[provider][type]}$`)),
      ]);
      if (provider !== 'zoom') return;
      expect(bench.atProvider()).toHaveLength(1);
      failOnce();
      const key = `recording/${recording}:delete`;
      const removal = { ...bench.call, key, recording, instance, action: 'delete' } as const;
      expect(await repeat(() => run.removeAtProvider(removal))).toMatchObject({ result: expect.any(String) });
      expect(bench.atProvider()).toEqual([]);
    },
  );
});

it.each([
  ['google_meet', 'video', 'files.get'],
  ['google_meet', 'transcript', 'files.export'],
  ['microsoft_teams', 'video', 'recordings.content'],
  ['microsoft_teams', 'transcript', 'transcripts.content'],
] as const)(
  'a gateway of %s that finds no %s at %s is asked again without an operator',
  async (provider, type, operation) => {
    const { filesToStore, run, file, failOnce } = await setup(provider, type);
    const [input] = await filesToStore();
    if (!input) throw new Error('the recording has no file');
    for (const status of [404, 410]) {
      failOnce({ kind: 'refusal', status }, operation);
      await expect(run.storeFile(input)).rejects.toMatchObject({ nonRetryable: false });
    }
    expect(await run.storeFile(input)).toMatchObject({ size, sha256: checksumOf(file) });
  },
);

it.each([
  ['google_meet', 'video', 'google'],
  ['google_meet', 'transcript', 'google'],
  ['microsoft_teams', 'video', 'microsoft'],
] as const)(
  'a file of %s whose owner deletes the %s before its transfer is reported as absent, and no whole file is stored',
  async (provider, type, vendor) => {
    const { filesToStore, run, file, stored, sandbox } = await setup(provider, type);
    const [input] = await filesToStore();
    if (!input) throw new Error('the recording has no file');
    sandbox.control.removeSessionFile(vendor, file.id, 'delete');
    await expect(run.storeFile(input)).rejects.toMatchObject({ type: 'not_found', nonRetryable: true });
    expect((await stored()).filter((name) => !name.endsWith('.part'))).toEqual([]);
  },
);

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
