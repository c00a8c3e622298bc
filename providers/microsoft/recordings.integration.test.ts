import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { bytesFrom, sha256Of } from '../../tests/harness/file-bytes.ts';
import { setUpTeams, teamsSpec } from '../../tests/harness/teams-meetings.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedDownload } from '../outbound/guarded-download.ts';
import { createTeamsRecordings } from './recordings.ts';

const setUp = async ({
  hasEvent = true,
  ...options
}: SandboxOptions & { readonly hasEvent?: boolean } = {}) => {
  const teams = await setUpTeams(options);
  const { client, settings, control, host } = teams;
  const outbound = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(() => outbound.close());
  const recordings = createTeamsRecordings(client, settings, createGuardedDownload(outbound));
  const { meeting: created } = await teams.teams.create(host, teamsSpec(), callContext());
  const meeting = created.id;
  if (hasEvent) control.attachEvent(meeting);
  const list = () => recordings.list(host, meeting, callContext());
  const onlyFile = async () => {
    const [recording] = await list();
    return { meeting, instance: recording?.instance ?? '', file: recording?.files[0]?.id ?? '' };
  };
  return {
    ...teams,
    meeting,
    recordings,
    list,
    onlyFile,
    record: (spec: Parameters<typeof control.recordSession>[2] = {}) =>
      control.recordSession('microsoft', meeting, spec),
  };
};

const video = (size: number) => [{ type: 'video', size }] as const;

const absenceOf = async (prepare: (teams: Awaited<ReturnType<typeof setUp>>) => unknown) => {
  const teams = await setUp();
  await prepare(teams);
  return teams.recordings.absence(teams.host, teams.meeting, callContext());
};
const hold = ({ control, meeting }: Awaited<ReturnType<typeof setUp>>) => {
  control.joinMeeting('microsoft', meeting, { name: 'Ada' });
  control.endMeeting('microsoft', meeting);
};
const recordByItself = ({ recordings, host, meeting }: Awaited<ReturnType<typeof setUp>>) =>
  recordings.setAutomatic(host, meeting, true, callContext());

describe('recordings of Teams', () => {
  it('are listed with their transcripts for each opening of the meeting, without sizes', async () => {
    const { control, meeting, record, list } = await setUp();
    expect(await list()).toEqual([]);
    record();
    control.joinMeeting('microsoft', meeting, { name: 'Ada' });
    record({ files: [...video(10)] });
    const listed = await list();
    expect(
      listed.map(({ files }) =>
        files.map(({ kind, format, size, isReady }) => ({ kind, format, size, isReady })),
      ),
    ).toEqual([
      [
        { kind: 'video', format: 'mp4', size: undefined, isReady: true },
        { kind: 'transcript', format: 'vtt', size: undefined, isReady: true },
      ],
      [{ kind: 'video', format: 'mp4', size: undefined, isReady: true }],
    ]);
  });

  it('are not listed while Microsoft processes them', async () => {
    const { record, list } = await setUp();
    record({ processingMs: 300 });
    expect(await list()).toEqual([]);
    await expect.poll(async () => (await list()).length).toBe(1);
  });

  describe('that are not listed', () => {
    it('are still processed when the meeting records by itself and people were in it', async () => {
      const absence = await absenceOf(async (teams) => {
        await recordByItself(teams);
        teams.record({ processingMs: 3_600_000 });
        hold(teams);
      });
      expect(absence).toBe('still_processing');
    });

    it.each([
      ['the host starts the recording', hold],
      ['no person was in the meeting', recordByItself],
    ] as const)('may have been made or not when %s', async (_, prepare) => {
      expect(await absenceOf(prepare)).toBe('not_listed');
    });

    it('may have been made or not when the consent does not cover reports', async () => {
      const teams = await setUp();
      const { recordings, connection, meeting } = teams;
      await recordByItself(teams);
      hold(teams);
      const host = {
        kind: 'connected',
        connection: { ...connection, scopes: ['OnlineMeetings.ReadWrite'] },
      } as const;
      expect(await recordings.absence(host, meeting, callContext())).toBe('not_listed');
    });

    it('are asked for again when Microsoft does not answer', async () => {
      const absence = absenceOf(({ control }) => control.setFault('microsoft', { kind: 'outage' }));
      await expect(absence).rejects.toMatchObject({ fault: { kind: 'outage' } });
    });
  });

  it.each([
    ['0 bytes', 0, 0],
    ['20 GB', 20_000_000_000, 19_999_500_000],
  ])('of %s are downloaded with their size', async (_, size, offset) => {
    const { record, recordings, host, onlyFile } = await setUp();
    record({ files: [...video(size)] });
    const download = await recordings.download(host, await onlyFile(), offset, callContext());
    expect(download).toMatchObject({ offset, size });
    expect(await bytesFrom(download.body)).toHaveLength(size - offset);
  });

  it('are downloaded from their beginning when Microsoft ignores ranges', async () => {
    const { record, recordings, host, onlyFile } = await setUp();
    record({ files: [...video(5_000)], ignoresRanges: true });
    const file = await onlyFile();
    const whole = await bytesFrom((await recordings.download(host, file, 0, callContext())).body);
    const again = await recordings.download(host, file, 1_000, callContext());
    expect(again).toMatchObject({ offset: 0, size: 5_000 });
    expect(sha256Of(await bytesFrom(again.body))).toBe(sha256Of(whole));
  });

  it('fail as transient when the access has expired, and download with a new token', async () => {
    const { record, recordings, host, onlyFile, control } = await setUp();
    record({ files: [...video(100)] });
    const file = await onlyFile();
    control.setFault('microsoft', { kind: 'unauthorized', operation: 'recordings.content', times: 1 });
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

  it('of a meeting that is part of no event are refused by Microsoft, which says what to do', async () => {
    const { list, connection, record } = await setUp({ hasEvent: false });
    record();
    await expect(list()).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      connection: connection.id,
      vendor: { code: 'meeting_without_event', message: expect.stringContaining('OneDrive') },
    });
  });

  it('are refused without a request when the consent does not cover them', async () => {
    const { recordings, connection, meeting, calls } = await setUp();
    const scopes = ['Calendars.ReadWrite', 'OnlineMeetingTranscript.Read.All'];
    const host = { kind: 'connected', connection: { ...connection, scopes } } as const;
    await expect(recordings.list(host, meeting, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: {
        code: 'recording_scope_missing',
        message: expect.stringContaining('OnlineMeetingRecording.Read.All'),
      },
    });
    expect(calls()['recordings.list']).toBeUndefined();
  });

  it('start by themselves or not, as it is set', async () => {
    const { recordings, host, meeting, meetings } = await setUp();
    await recordings.setAutomatic(host, meeting, true, callContext());
    expect(meetings()).toMatchObject([{ recordAutomatically: true }]);
    expect(await recordings.isAutomatic(host, meeting, callContext())).toBe(true);
    await recordings.setAutomatic(host, meeting, false, callContext());
    expect(meetings()).toMatchObject([{ recordAutomatically: false }]);
    expect(await recordings.isAutomatic(host, meeting, callContext())).toBe(false);
  });

  it('keep their copy in OneDrive, because Graph deletes none', async () => {
    const { recordings, host } = await setUp();
    await expect(
      recordings.remove(
        host,
        { instance: 'call-1', files: [], isHeld: async () => false },
        'delete',
        callContext(),
      ),
    ).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { code: 'copy_is_kept' },
    });
  });
});
