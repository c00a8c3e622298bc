import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { bytesFrom, sha256Of } from '../../tests/harness/file-bytes.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedDownload } from '../outbound/guarded-download.ts';
import type { RecordingProvider } from '../ports.ts';
import { createZoomClient } from './client.ts';
import { createZoomMeetings } from './meetings.ts';
import { createZoomRecordings, uuidInPath } from './recordings.ts';

const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;

const host = { kind: 'service', user: 'me' } as const;

const credentials = {
  clientId: 'sandbox-zoom-client',
  clientSecret: 'sandbox-zoom-secret',
  accountId: 'sandbox-account',
};

const setUp = async (zoom: SandboxOptions['zoom'] = {}) => {
  let ahead = 0;
  const sandbox = await startSandbox({ zoom }, () => Date.now() + ahead);
  const client = createZoomClient({ apiUrl: `${sandbox.url}/v2`, oauthUrl: sandbox.url, ...credentials });
  const outbound = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => {
    await Promise.all([client.close(), outbound.close()]);
    await sandbox.close();
  });
  const recordings = createZoomRecordings(
    client,
    { apiUrl: `${sandbox.url}/v2` },
    createGuardedDownload(outbound),
  );
  const meetings = createZoomMeetings(client);
  const {
    meeting: { id: meeting },
  } = await meetings.create(
    host,
    { reference: 'a0b1c2', topic: 'Audition', slot, settings: {} },
    callContext(),
  );
  return {
    url: sandbox.url,
    control: sandbox.control,
    meeting,
    recordings,
    meetings,
    letPass: (milliseconds: number) => {
      ahead += milliseconds;
    },
  };
};

/** Returns the copy of a recording, with all of its files. */
const copyOf = async (recordings: RecordingProvider, meeting: string, instance: string) => {
  const listed = await recordings.list(host, meeting, callContext());
  const files = listed.find((recording) => recording.instance === instance)?.files ?? [];
  return { instance, files: files.map(({ id }) => id), isHeld: async () => false };
};

describe('recordings of Zoom', () => {
  it('are listed for each opening of the meeting, with their files', async () => {
    const { control, meeting, recordings } = await setUp();
    expect(await recordings.list(host, meeting, callContext())).toEqual([]);
    const first = control.recordMeeting(meeting, { duration: 12 });
    const second = control.recordMeeting(meeting, {
      files: [
        { type: 'MP4', size: 10 },
        { type: 'CHAT', size: 0 },
      ],
    });
    const listed = await recordings.list(host, meeting, callContext());
    expect(listed.map(({ instance }) => instance).toSorted()).toEqual([first.uuid, second.uuid].toSorted());
    expect(listed.find(({ instance }) => instance === first.uuid)).toMatchObject({
      duration: 12 * 60_000,
      files: [
        { kind: 'video', format: 'mp4', size: 3_000_000, isReady: true },
        { kind: 'audio', format: 'm4a', size: 400_000, isReady: true },
        { kind: 'transcript', format: 'vtt', size: 4_000, isReady: true },
      ],
    });
    expect(listed.find(({ instance }) => instance === second.uuid)?.files).toMatchObject([
      { kind: 'video', size: 10 },
      { kind: 'chat', size: 0, isReady: true },
    ]);
  });

  it('are not ready while Zoom processes them', async () => {
    const { control, meeting, recordings, letPass } = await setUp();
    control.recordMeeting(meeting, { processingMs: 60_000 });
    const [processing] = await recordings.list(host, meeting, callContext());
    expect(processing?.files.map(({ isReady }) => isReady)).toEqual([false, false, false]);
    letPass(60_000);
    const [ready] = await recordings.list(host, meeting, callContext());
    expect(ready?.files.map(({ isReady }) => isReady)).toEqual([true, true, true]);
    // The ids are the same, so nothing is stored twice.
    expect(ready?.files.map(({ id }) => id)).toEqual(processing?.files.map(({ id }) => id));
  });

  it.each(['/begins/with==', 'has//two==', 'plain+base/64=='])(
    'are found by the UUID %s, encoded twice where Zoom needs it',
    async (uuid) => {
      const { control, meeting, recordings } = await setUp();
      control.recordMeeting(meeting, { uuid, files: [{ type: 'MP4', size: 100 }] });
      const [listed] = await recordings.list(host, meeting, callContext());
      const file = { meeting, instance: uuid, file: listed?.files[0]?.id ?? '' };
      const download = await recordings.download(host, file, 0, callContext());
      expect(await bytesFrom(download.body)).toHaveLength(100);
      expect(
        await recordings.remove(host, await copyOf(recordings, meeting, uuid), 'delete', callContext()),
      ).toBe('deleted');
    },
  );

  it('encodes a UUID twice only when it begins with a slash or contains two', () => {
    expect(uuidInPath('/a==')).toBe('%252Fa%253D%253D');
    expect(uuidInPath('a//b')).toBe('a%252F%252Fb');
    expect(uuidInPath('a/b+c==')).toBe('a%2Fb%2Bc%3D%3D');
  });

  it('of a connected account are refused when its consent does not cover them, and its meetings stay usable', async () => {
    const { control, meeting, recordings } = await setUp();
    control.recordMeeting(meeting, {});
    const reported: string[] = [];
    const connected = (scopes: readonly string[] | undefined) =>
      ({
        kind: 'connected',
        connection: {
          ...caldavAccount('https://zoom.test'),
          scopes,
          accessToken: async () => 'unknown',
          reportMissingScopes: async (token: string) => void reported.push(token),
        },
      }) as const;
    const scopes = ['meeting:read:meeting', 'meeting:read:list_past_instances'];
    await expect(recordings.list(connected(scopes), meeting, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: {
        code: 'recording_scope_missing',
        message: expect.stringContaining('cloud_recording:read:list_recording_files'),
      },
    });
    expect(reported).toEqual([]);
  });

  it('are refused when the app of the service lacks the scopes', async () => {
    const { recordings, meeting } = await setUp({ accountScopes: ['meeting:write:meeting:admin'] });
    await expect(recordings.list(host, meeting, callContext())).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
      vendor: { code: 'recording_scope_missing', message: expect.stringContaining('server-to-server app') },
    });
  });

  it('of 0 bytes and of 20 GB are listed with their size', async () => {
    const { control, meeting, recordings } = await setUp();
    control.recordMeeting(meeting, {
      files: [
        { type: 'CHAT', size: 0 },
        { type: 'MP4', size: 20_000_000_000 },
      ],
    });
    const [listed] = await recordings.list(host, meeting, callContext());
    expect(listed?.files.map(({ size }) => size)).toEqual([0, 20_000_000_000]);
    const file = { meeting, instance: listed?.instance ?? '', file: listed?.files[1]?.id ?? '' };
    const end = await recordings.download(host, file, 19_999_900_000, callContext());
    expect(await bytesFrom(end.body)).toHaveLength(100_000);
  });

  it('are downloaded in parts that fit together', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, { files: [{ type: 'MP4', size: 1_000_003 }] });
    const [listed] = await recordings.list(host, meeting, callContext());
    const file = { meeting, instance: uuid, file: listed?.files[0]?.id ?? '' };
    const whole = await recordings.download(host, file, 0, callContext());
    expect(whole).toMatchObject({ offset: 0, size: 1_000_003 });
    const bytes = await bytesFrom(whole.body);
    const rest = await recordings.download(host, file, 333_331, callContext());
    expect(rest).toMatchObject({ offset: 333_331, size: 1_000_003 });
    expect(sha256Of(await bytesFrom(rest.body))).toBe(sha256Of(bytes.subarray(333_331)));
  });

  it('are downloaded from their beginning when the server ignores ranges', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, {
      files: [{ type: 'MP4', size: 5_000 }],
      ignoresRanges: true,
    });
    const [listed] = await recordings.list(host, meeting, callContext());
    const file = { meeting, instance: uuid, file: listed?.files[0]?.id ?? '' };
    const download = await recordings.download(host, file, 1_000, callContext());
    expect(download).toMatchObject({ offset: 0, size: 5_000 });
    expect(await bytesFrom(download.body)).toHaveLength(5_000);
  });

  it('fail as transient when the address has expired, and download with a new one', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, { files: [{ type: 'MP4', size: 100 }] });
    const [listed] = await recordings.list(host, meeting, callContext());
    const file = { meeting, instance: uuid, file: listed?.files[0]?.id ?? '' };
    control.setFault('zoom', { kind: 'unauthorized', operation: 'recordings.download', times: 1 });
    await expect(recordings.download(host, file, 0, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
    expect(await bytesFrom((await recordings.download(host, file, 0, callContext())).body)).toHaveLength(100);
  });

  it('report a broken connection as an outage', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, {
      files: [{ type: 'MP4', size: 2_000_000 }],
      cutAfter: 700_000,
    });
    const [listed] = await recordings.list(host, meeting, callContext());
    const file = { meeting, instance: uuid, file: listed?.files[0]?.id ?? '' };
    const cut = await recordings.download(host, file, 0, callContext());
    await expect(bytesFrom(cut.body)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
  });

  it('are found in the trash, and are gone after a deletion', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, {});
    expect(await recordings.absence(host, meeting, callContext())).toBe('never_made');
    expect(
      await recordings.remove(host, await copyOf(recordings, meeting, uuid), 'trash', callContext()),
    ).toBe('deleted');
    expect(await recordings.list(host, meeting, callContext())).toEqual([]);
    expect(await recordings.absence(host, meeting, callContext())).toBe('in_trash');
    expect(
      await recordings.remove(host, await copyOf(recordings, meeting, uuid), 'trash', callContext()),
    ).toBe('absent');
    await expect(
      recordings.download(host, { meeting, instance: uuid, file: 'any' }, 0, callContext()),
    ).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });

  it('send no token to a server that is not of Zoom', async () => {
    const requests: unknown[] = [];
    const foreign = Fastify();
    foreign.get('/*', (request) => {
      requests.push(request.headers);
      return 'stolen';
    });
    const origin = await foreign.listen({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => foreign.close());
    const client = {
      send: async () => ({
        uuid: 'u',
        download_access_token: 'secret',
        recording_files: [
          {
            id: 'f',
            file_type: 'MP4',
            status: 'completed',
            download_url: `${origin}/f`,
          },
        ],
      }),
      close: async () => {},
    };
    const recordings = createZoomRecordings(client, { apiUrl: 'https://api.zoom.us/v2' }, async () => {
      throw new Error('a request was made');
    });
    const [listed] = await recordings.list(host, '1', callContext());
    await expect(
      recordings.download(
        host,
        { meeting: '1', instance: 'u', file: listed?.files[0]?.id ?? '' },
        0,
        callContext(),
      ),
    ).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
    expect(requests).toEqual([]);
  });

  it('start by themselves or not, as it is set', async () => {
    const { meeting, recordings } = await setUp();
    for (const isAutomatic of [true, false]) {
      await recordings.setAutomatic(host, meeting, isAutomatic, callContext());
      expect(await recordings.isAutomatic(host, meeting, callContext())).toBe(isAutomatic);
    }
  });

  it('are listed for each opening of a meeting that was deleted since', async () => {
    const { control, meeting, recordings, meetings } = await setUp();
    const uuids = [control.recordMeeting(meeting, {}).uuid, control.recordMeeting(meeting, {}).uuid];
    expect(await meetings.remove(host, meeting, callContext())).toBe('deleted');
    const listed = await recordings.list(host, meeting, callContext());
    expect(listed.map(({ instance }) => instance).toSorted()).toEqual(uuids.toSorted());
  });

  it('keep a file at Zoom that has appeared since the others were stored', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, {});
    const copy = await copyOf(recordings, meeting, uuid);
    control.addRecordingFile(uuid, { type: 'TRANSCRIPT', size: 40 });
    expect(await recordings.remove(host, copy, 'delete', callContext())).toBe('partly');
    const [left] = await recordings.list(host, meeting, callContext());
    expect(left?.files).toMatchObject([{ kind: 'transcript', size: 40 }]);
    const rest = await copyOf(recordings, meeting, uuid);
    expect(await recordings.remove(host, rest, 'delete', callContext())).toBe('deleted');
    expect(await recordings.remove(host, rest, 'delete', callContext())).toBe('absent');
  });

  it('stay at Zoom from a legal hold on that is placed during the removal', async () => {
    const { control, meeting, recordings } = await setUp();
    const { uuid } = control.recordMeeting(meeting, {});
    const copy = await copyOf(recordings, meeting, uuid);
    let asked = 0;
    const isHeld = async () => {
      asked += 1;
      return asked > 1;
    };
    expect(await recordings.remove(host, { ...copy, isHeld }, 'delete', callContext())).toBe('held');
    const left = await copyOf(recordings, meeting, uuid);
    expect(left.files).toHaveLength(copy.files.length - 1);
  });

  it('are removed as a whole without the scope for single files, and only when all are stored', async () => {
    const accountScopes = [
      'meeting:write:meeting:admin',
      'meeting:read:list_past_instances:admin',
      'cloud_recording:read:list_recording_files:admin',
      'cloud_recording:delete:meeting_recording:admin',
    ];
    const { control, meeting, recordings } = await setUp({ accountScopes });
    const { uuid } = control.recordMeeting(meeting, {});
    const copy = await copyOf(recordings, meeting, uuid);
    control.addRecordingFile(uuid, { type: 'TRANSCRIPT', size: 40 });
    expect(await recordings.remove(host, copy, 'delete', callContext())).toBe('partly');
    expect((await copyOf(recordings, meeting, uuid)).files).toHaveLength(4);
    const rest = await copyOf(recordings, meeting, uuid);
    expect(await recordings.remove(host, rest, 'delete', callContext())).toBe('deleted');
    expect(await recordings.list(host, meeting, callContext())).toEqual([]);
  });
});
