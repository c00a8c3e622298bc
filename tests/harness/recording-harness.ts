/** Runs the recording activities against a real PostgreSQL, the provider sandbox and a directory. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { CreateMeetingInput, RecordingActivities, StoreFileInput } from '../../activities/contract.ts';
import { createMediaActivities } from '../../activities/index.ts';
import { createMeetingActivities } from '../../activities/meetings/meetings.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import type { AuditionId, ConnectionId } from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import { pseudoRandomBytes } from '../../infra/sandbox/media/pseudo-random-bytes.ts';
import type { SessionRecordingSpec } from '../../infra/sandbox/media/session-recordings.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { RecordingSpec } from '../../infra/sandbox/zoom/recordings.ts';
import { idsIn } from '../../providers/microsoft/meeting-ids.ts';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { FileStorage, RecordingProvider } from '../../providers/ports.ts';
import { createProviders } from '../../providers/registry.ts';
import { factsUntilScheduled, numbered, trail } from './audition-trail.ts';
import { callContext } from './call-context.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { timePasses } from './ledger.ts';
import { sandboxSettings } from './sandbox-settings.ts';

const slot = {
  start: '2031-01-01T09:00:00.000Z',
  end: '2031-01-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;

/** Returns the checksum of a file of the sandbox. */
export const checksumOf = ({ id, size }: { readonly id: string; readonly size: number }): string => {
  const hash = createHash('sha256');
  for (const chunk of pseudoRandomBytes(id, 0, size)) hash.update(chunk);
  return hash.digest('hex');
};

const environmentOf = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

/** Runs an activity in an activity context, as a worker does. */
const inContext =
  <Input, Result>(activity: (input: Input) => Promise<Result>) =>
  (input: Input, environment = environmentOf()): Promise<Result> =>
    environment.run(activity, input);

/** Call it at the top of a test file. Returns a function that sets up the activities for one test. */
export const useRecordingHarness = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  return async ({
    wrapStorage = (same) => same,
    wrapRecordings = (same) => same,
    provider = 'zoom',
  }: {
    readonly wrapStorage?: (storage: FileStorage) => FileStorage;
    /** Replaces the recordings of Zoom. */
    readonly wrapRecordings?: (recordings: RecordingProvider) => RecordingProvider;
    readonly provider?: MeetingProviderName;
  } = {}) => {
    const { repositories } = database;
    const directory = await mkdtemp(join(tmpdir(), 'recordings-'));
    const sandbox = await startSandbox();
    const providers = createProviders({
      ...sandboxSettings(sandbox.url),
      smtp: {
        url: 'smtp://127.0.0.1:9',
        requireTls: false,
        from: 'casting@castmatch.test',
        journalUrl: undefined,
      },
      storage: { kind: 'file_system', directory },
    });
    onTestFinished(async () => {
      await providers.close();
      await sandbox.close();
      await rm(directory, { recursive: true, force: true });
    });
    const auditionId: AuditionId = `aud_${randomUUID()}`;
    await repositories.events.append({
      auditionId,
      run: randomUUID(),
      position: numbered(trail([...factsUntilScheduled(auditionId, 'org_1')])),
    });
    const reported: string[] = [];
    const storage = wrapStorage(providers.storage);
    const accessTokens = createAccessTokens({
      store: repositories.connections,
      authorizers: providers.authorizers.oauth,
    });
    const createZoomMeeting = async (): Promise<string> => {
      const { meeting } = await providers.meetings.zoom.create(
        { kind: 'service', user: 'me' },
        { reference: auditionId, topic: 'Audition', slot, settings: {} },
        callContext(),
      );
      return meeting.id;
    };
    const connect = async (vendor: 'google' | 'microsoft'): Promise<ConnectionId> => {
      const connection: ConnectionId = `conn_${randomUUID()}`;
      const account = `casting-${randomUUID()}@example.test`;
      await repositories.connections.put({
        id: connection,
        organization: 'org_1',
        provider: vendor,
        account,
        refreshToken: `sandbox-refresh-${account}`,
      });
      return connection;
    };
    /** Creates the meeting as the audition does, because the ledger must name the account that hosts it. */
    const createMeeting = async (
      hosted: Pick<CreateMeetingInput, 'provider' | 'settings'>,
    ): Promise<string> => {
      const meetings = createMeetingActivities({
        repositories,
        providers,
        accessTokens,
        issueJoinLinks: () => Promise.reject(new Error('the meeting has no registrants')),
        sender: 'casting@castmatch.test',
      });
      const meeting = await inContext((input: CreateMeetingInput) => meetings.createMeeting(input))({
        organization: 'org_1',
        auditionId,
        correlationId: 'corr-1',
        trail: anyPosition,
        key: `${auditionId}:meeting:${hosted.provider}:1`,
        slot,
        revision: 1,
        topic: 'Audition',
        hasFallback: false,
        ...hosted,
      });
      return meeting.id;
    };
    const createMeetMeeting = async (): Promise<string> => {
      const connection = await connect('google');
      await repositories.organizations.put({
        id: 'org_1',
        name: 'One',
        meetingProviders: ['google_meet'],
        meetCalendar: { connection, calendarId: 'primary' },
      });
      return createMeeting({ provider: 'google_meet' });
    };
    /** Graph serves the recordings of meetings of events only. */
    const createTeamsMeeting = async (): Promise<string> => {
      const connection = await connect('microsoft');
      await repositories.organizations.put({
        id: 'org_1',
        name: 'One',
        meetingProviders: ['microsoft_teams'],
      });
      await repositories.meetingPreferences.set('org_1', {
        hosts: { microsoft_teams: [{ kind: 'connection', connection }] },
      });
      return createMeeting({ provider: 'microsoft_teams', settings: { calendarEvent: true } });
    };
    const creations = {
      zoom: createZoomMeeting,
      google_meet: createMeetMeeting,
      microsoft_teams: createTeamsMeeting,
    };
    const meetingId = await creations[provider]();
    const activities = createMediaActivities({
      repositories,
      providers: {
        ...providers,
        storage,
        recordings: { ...providers.recordings, zoom: wrapRecordings(providers.recordings.zoom) },
      },
      accessTokens,
      reportAttention: ({ item }) => void reported.push(item.id),
    });
    const call = {
      organization: 'org_1',
      auditionId,
      correlationId: 'corr-1',
      provider,
      meetingId,
    } as const;
    const run = {
      findRecordings: inContext((input: Parameters<RecordingActivities['findRecordings']>[0]) =>
        activities.findRecordings(input),
      ),
      storeFile: inContext((input: Parameters<RecordingActivities['storeFile']>[0]) =>
        activities.storeFile(input),
      ),
      discardFile: inContext((input: Parameters<RecordingActivities['discardFile']>[0]) =>
        activities.discardFile(input),
      ),
      completeRecording: inContext((input: Parameters<RecordingActivities['completeRecording']>[0]) =>
        activities.completeRecording(input),
      ),
      removeAtProvider: inContext((input: Parameters<RecordingActivities['removeAtProvider']>[0]) =>
        activities.removeAtProvider(input),
      ),
      raiseRecordingAttention: inContext(
        (input: Parameters<RecordingActivities['raiseRecordingAttention']>[0]) =>
          activities.raiseRecordingAttention(input),
      ),
      settleRecordingAttention: inContext(
        (input: Parameters<RecordingActivities['settleRecordingAttention']>[0]) =>
          activities.settleRecordingAttention(input),
      ),
    };
    const find = () => run.findRecordings({ ...call, checkTrash: false });
    return {
      database,
      repositories,
      sandbox,
      storage: providers.storage,
      directory,
      call,
      reported,
      run,
      find,
      record: (spec: RecordingSpec = {}) => sandbox.control.recordMeeting(meetingId, spec),
      recordSession: (spec: SessionRecordingSpec = {}) =>
        sandbox.control.recordSession(
          provider === 'microsoft_teams' ? 'microsoft' : 'google',
          idsIn(meetingId).onlineMeeting,
          spec,
        ),
      /** Returns the inputs that store the files of all found recordings. */
      filesToStore: async (): Promise<readonly StoreFileInput[]> => {
        const { recordings } = await find();
        return recordings.flatMap(({ instance, toStore }) =>
          toStore.map((file) => ({
            ...call,
            ...file,
            instance,
            key: `recording/${file.recording}:${file.file}`,
          })),
        );
      },
      facts: async () => {
        const events = await repositories.events.read('org_1', auditionId, { after: 0, limit: 100 });
        return events.map(({ fact }) => fact).filter(({ type }) => type.startsWith('recording_'));
      },
      /** Ends the leases of the ledger. */
      timePasses: () => timePasses(database.pool),
    };
  };
};
