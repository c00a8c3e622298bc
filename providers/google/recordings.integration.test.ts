import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { bytesFrom, sha256Of } from '../../tests/harness/file-bytes.ts';
import {
  calendarId,
  deletion,
  eventId,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedDownload } from '../outbound/guarded-download.ts';
import { createMeetRecordings } from './recordings.ts';

const scopes = {
  records: 'https://www.googleapis.com/auth/meetings.space.readonly',
  files: 'https://www.googleapis.com/auth/drive.meet.readonly',
};

const setUp = async (options: SandboxOptions = {}) => {
  const google = await setUpGoogleCalendar(options);
  const { client, settings, calendar, connection, control } = google;
  const outbound = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(() => outbound.close());
  const recordings = createMeetRecordings(client, settings, createGuardedDownload(outbound));
  const { id: meeting } = await calendar.putConference(
    connection,
    {
      calendarId,
      eventId,
      reference: deletion.reference,
      key: 'meeting:1',
      topic: 'Nightfall: Ophelia',
      slot,
      revision: 1,
      requestId: 'request-1',
      settings: {},
    },
    callContext(),
  );
  const host = { kind: 'connected', connection } as const;
  const list = (account = host) => recordings.list(account, meeting, callContext());
  /** Returns the only file of the meeting, as a download names it. */
  const onlyFile = async () => {
    const [recording] = await list();
    const [file] = recording?.files ?? [];
    return { meeting, instance: recording?.instance ?? '', file: file?.id ?? '' };
  };
  return {
    ...google,
    meeting,
    recordings,
    host,
    list,
    onlyFile,
    record: (spec: Parameters<typeof control.recordSession>[2] = {}) =>
      control.recordSession('google', meeting, spec),
  };
};

const video = (size: number) => [{ type: 'video', size }] as const;

describe('recordings of Meet', () => {
  it('are listed for each conference of the meeting, with their transcripts', async () => {
    const { control, meeting, record, list } = await setUp();
    expect(await list()).toEqual([]);
    record();
    // The newest conference is listed first: the two must not begin in the same millisecond.
    await pause(5);
    control.joinMeeting('google', meeting, { name: 'Ada' });
    record({ files: [...video(10)] });
    const listed = await list();
    expect(listed.map(({ files }) => files)).toEqual([
      [{ id: expect.any(String), kind: 'video', format: 'mp4', size: 10, isReady: true }],
      [
        { id: expect.any(String), kind: 'video', format: 'mp4', size: 3_000_000, isReady: true },
        { id: expect.any(String), kind: 'transcript', format: 'txt', isReady: true },
      ],
    ]);
    expect(new Set(listed.map(({ instance }) => instance)).size).toBe(2);
    expect(listed[0]?.startedAt).toMatch(/^\d{4}-/);
  });

  it('are not ready while Meet generates their files, and keep their ids', async () => {
    const { record, list } = await setUp();
    record({ processingMs: 300 });
    const [processing] = await list();
    expect(processing?.files.map(({ isReady }) => isReady)).toEqual([false, false]);
    await expect
      .poll(async () => (await list())[0]?.files.map(({ isReady }) => isReady))
      .toEqual([true, true]);
    expect((await list())[0]?.files.map(({ id }) => id)).toEqual(processing?.files.map(({ id }) => id));
  });

  it('of 0 bytes and of 20 GB are listed with their size', async () => {
    const { record, list } = await setUp();
    record({ files: [...video(0), ...video(20_000_000_000)] });
    expect((await list())[0]?.files).toMatchObject([
      { size: 0, isReady: true },
      { size: 20_000_000_000, isReady: true },
    ]);
  });

  it('are downloaded in parts that fit together, beyond the first 4 GB', async () => {
    const { record, recordings, host, onlyFile } = await setUp();
    record({ files: [...video(20_000_000_000)] });
    const file = await onlyFile();
    const end = await recordings.download(host, file, 19_999_000_000, callContext());
    expect(end).toMatchObject({ offset: 19_999_000_000, size: 20_000_000_000 });
    const bytes = await bytesFrom(end.body);
    expect(bytes).toHaveLength(1_000_000);
    const rest = await recordings.download(host, file, 19_999_900_000, callContext());
    expect(sha256Of(await bytesFrom(rest.body))).toBe(sha256Of(bytes.subarray(900_000)));
  });

  it('have transcripts, which are exported as text from their beginning', async () => {
    const { record, recordings, host, onlyFile } = await setUp();
    record({ files: [{ type: 'transcript', size: 2_000 }] });
    const download = await recordings.download(host, await onlyFile(), 500, callContext());
    expect(download).toMatchObject({ offset: 0, size: 2_000 });
    expect(await bytesFrom(download.body)).toHaveLength(2_000);
  });

  it('fail as transient when the access has expired, and download with a new token', async () => {
    const { record, recordings, host, onlyFile, control } = await setUp();
    record({ files: [...video(100)] });
    const file = await onlyFile();
    control.setFault('google', { kind: 'unauthorized', operation: 'files.get', times: 1 });
    await expect(recordings.download(host, file, 0, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
    expect(await bytesFrom((await recordings.download(host, file, 0, callContext())).body)).toHaveLength(100);
  });

  it('report a broken connection as an outage', async () => {
    const { record, recordings, host, onlyFile } = await setUp();
    record({ files: [...video(2_000_000)], cutAfter: 700_000 });
    const cut = await recordings.download(host, await onlyFile(), 0, callContext());
    await expect(bytesFrom(cut.body)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
  });

  it('are not listed from the trash, and are found there', async () => {
    const { record, recordings, host, meeting, list, control, onlyFile } = await setUp();
    const [made] = record({ files: [...video(100)] });
    const file = await onlyFile();
    expect(await recordings.absence(host, meeting, callContext())).toBe('never_made');
    control.removeSessionFile('google', made?.id ?? '', 'trash');
    expect(await list()).toEqual([]);
    expect(await recordings.absence(host, meeting, callContext())).toBe('in_trash');
    control.removeSessionFile('google', made?.id ?? '', 'delete');
    expect(await recordings.absence(host, meeting, callContext())).toBe('never_made');
    await expect(recordings.download(host, file, 0, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });

  it.each([
    ['the records of conferences', [scopes.files], scopes.records],
    ['the files of Meet', [scopes.records], scopes.files],
  ])('are refused without a request when the consent does not cover %s', async (_, granted, missing) => {
    const { record, recordings, connection, meeting, calls } = await setUp();
    record();
    const host = { kind: 'connected', connection: { ...connection, scopes: granted } } as const;
    await expect(recordings.list(host, meeting, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      connection: connection.id,
      vendor: {
        code: 'recording_scope_missing',
        message: expect.stringContaining(missing.split('/').at(-1) ?? ''),
      },
    });
    expect(calls()['recordings.list']).toBeUndefined();
  });

  it('start by themselves or not, as it is set', async () => {
    const { recordings, host, meeting, control } = await setUp();
    const start = () => control.state().google.spaces[0]?.config?.artifactConfig?.recordingConfig;
    await recordings.setAutomatic(host, meeting, true, callContext());
    expect(start()).toEqual({ autoRecordingGeneration: 'ON' });
    expect(await recordings.isAutomatic(host, meeting, callContext())).toBe(true);
    await recordings.setAutomatic(host, meeting, false, callContext());
    expect(start()).toEqual({ autoRecordingGeneration: 'OFF' });
    expect(await recordings.isAutomatic(host, meeting, callContext())).toBe(false);
  });

  it('keep their copy in Drive, because the consent only reads', async () => {
    const { record, recordings, host, list } = await setUp();
    record();
    const instance = (await list())[0]?.instance ?? '';
    await expect(
      recordings.remove(host, { instance, files: [], isHeld: async () => false }, 'trash', callContext()),
    ).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { code: 'copy_is_kept' },
    });
  });
});
