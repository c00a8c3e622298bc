/**
 * Tests an audition on Teams in the whole service: from connecting the host's Microsoft account to the cancellation, and
 * what is left at Microsoft.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditionIdSchema, type ConnectionId, connectionIdSchema } from '../../domain/ids.ts';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { recordingReportedSignal, recordingWorkflowType } from '../../workflows/recording/messages.ts';
import { type ApiClient, createApiClient, day, fullMinute, requestBody } from '../harness/api-client.ts';
import { submitConsent } from '../harness/consent.ts';
import { eventually } from '../harness/eventually.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

const scopes = ['OnlineMeetings.ReadWrite', 'OnlineMeetingArtifact.Read.All'];
const recordingScopes = ['OnlineMeetingRecording.Read.All', 'OnlineMeetingTranscript.Read.All'];

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

/** Connects a Microsoft account in a browser, and returns the id of the connection. */
const connect = async (owner: string, account: string, asked = scopes): Promise<ConnectionId> => {
  const scope = encodeURIComponent(asked.join(' '));
  const { body } = await platform.get(
    `/v1/connections/microsoft/authorize?owner=${owner}${scope === '' ? '' : `&scope=${scope}`}`,
  );
  const visitor = createHttpBrowser(service.url);
  const page = await visitor.open(String(Object(body).url));
  const redirected = await visitor.submit(page, { to: '/connect' });
  const { location } = await submitConsent(redirected.redirectsTo ?? '', { account });
  expect((await visitor.open(location ?? '')).status).toBeLessThan(400);
  const listed = await platform.get(`/v1/connections?owner=${owner}`);
  return connectionIdSchema.parse(Object(listed.body).items[0].id);
};

const useHosts = (...connections: readonly ConnectionId[]) =>
  service.database.repositories.meetingPreferences.set(organization, {
    hosts: { microsoft_teams: connections.map((connection) => ({ kind: 'connection', connection })) },
    templates: { default: { waitingRoom: true, muteOnEntry: true } },
  });

/** Returns a request whose performer has an Outlook calendar. */
const requestWith = (n: number, connection: ConnectionId, providers = ['microsoft_teams']) => {
  const body = requestBody(n, n * 10 * day, { meeting: { providers } });
  const [performer, ...others] = body.participants;
  const calendar = { provider: 'microsoft', connection, calendarId: 'primary' };
  return { ...body, participants: [{ ...performer, calendar }, ...others] };
};

const meetings = () =>
  service.sandbox.control.state().microsoft.onlineMeetings.filter(({ deleted }) => !deleted);
/** Returns the link at the provider. The API shows the join address of the service in front of it. */
const linkOf = async (id: string): Promise<string | undefined> =>
  (await service.database.repositories.auditions.get(organization, auditionIdSchema.parse(id)))?.meeting
    ?.joinUrl;
const outlookEvents = () =>
  service.sandbox.control
    .state()
    .microsoft.calendars.flatMap(({ events }) => events)
    .filter(({ deleted, origin }) => !deleted && origin === 'api');

/** Returns the events that are Teams meetings. */
const meetingEvents = () => outlookEvents().filter(({ isOnlineMeeting }) => isOnlineMeeting);

it('an audition on Teams is created, moved and cancelled, and leaves nothing at Microsoft', async () => {
  const host = await connect('carl', 'carl@contoso.example');
  const performer = await connect('performer-1', 'ada@contoso.example', []);
  await useHosts(host);

  const requested = await platform.request(requestWith(1, performer));
  const scheduled = await platform.untilNotified(requested.id);
  expect(scheduled.meeting).toMatchObject({ provider: 'microsoft_teams', notHonored: ['muteOnEntry'] });
  expect(meetings()).toMatchObject([
    {
      account: 'carl@contoso.example',
      subject: 'Night Ferry: The Captain',
      joinWebUrl: await linkOf(requested.id),
      lobbyBypassSettings: { scope: 'organizer' },
    },
  ]);
  // The event of the performer has the link, and no meeting of its own.
  expect(outlookEvents()).toMatchObject([{ isOnlineMeeting: false }]);
  expect(outlookEvents()[0]?.body?.content).toContain(scheduled.meeting?.joinUrl);

  const start = fullMinute(Date.parse(scheduled.slot?.start ?? '') + day);
  const slot = {
    start: new Date(start).toISOString(),
    end: new Date(start + 1_800_000).toISOString(),
    zone: 'America/New_York',
  };
  await platform.command(requested.id, 'reschedule', { slot, reason: 'travel' });
  const moved = await platform.untilNotified(requested.id);
  expect(moved.meeting?.joinUrl).toBe(scheduled.meeting?.joinUrl);
  expect(meetings().map(({ startDateTime }) => Date.parse(startDateTime))).toEqual([start]);
  expect(meetings()[0]?.joinWebUrl).toBe(await linkOf(requested.id));

  await platform.command(requested.id, 'cancel', { reason: 'the part is cut' });
  await service.temporal.workflow.getHandle(`audition/${requested.id}`).result();
  expect(meetings()).toEqual([]);
  expect(outlookEvents()).toEqual([]);
});

it('an audition goes to Meet when no host may have Teams meetings, and leaves nothing at Microsoft', async () => {
  const host = await connect('ben', 'ben@outlook.example');
  const performer = await connect('performer-2', 'cy@contoso.example', []);
  await useHosts(host);
  const requested = await platform.request(requestWith(2, performer, ['microsoft_teams', 'google_meet']));
  const scheduled = await platform.untilNotified(requested.id);
  expect(scheduled.meeting).toMatchObject({ provider: 'google_meet', notHonored: ['muteOnEntry'] });
  const { spaces } = service.sandbox.control.state().google;
  expect(spaces.map(({ config }) => config?.accessType)).toEqual(['RESTRICTED']);
  expect(meetings().filter(({ account }) => account === 'ben@outlook.example')).toEqual([]);
});

it('a recorded audition on Teams is a part of an event of its host, and its recording is stored', async () => {
  const host = await connect('dora', 'dora@contoso.example', [...scopes, ...recordingScopes]);
  const performer = await connect('performer-3', 'eve@contoso.example', []);
  await useHosts(host);
  const body = requestWith(3, performer);
  const requested = await platform.request({
    ...body,
    meeting: { ...body.meeting, settings: { recording: 'cloud' } },
  });
  const scheduled = await platform.untilNotified(requested.id);
  expect(scheduled.meeting).toMatchObject({ provider: 'microsoft_teams', notHonored: ['muteOnEntry'] });
  const joinUrl = await linkOf(requested.id);
  expect(meetingEvents()).toMatchObject([{ showAs: 'free', onlineMeeting: { joinUrl } }]);

  const auditionId = auditionIdSchema.parse(requested.id);
  const stored = await service.database.repositories.auditions.get(organization, auditionId);
  const meetingId = stored?.meeting?.id ?? '';
  service.sandbox.control.recordSession('microsoft', joinUrl ?? '', {
    files: [{ type: 'video', size: 5_000 }],
  });
  // The audition starts it after its session, and it asks after a quarter of an hour.
  await service.temporal.workflow.signalWithStart(recordingWorkflowType, {
    taskQueue: service.taskQueue,
    workflowId: recordingWorkflowId(auditionId, 'microsoft_teams', meetingId),
    args: [{ organization, auditionId, correlationId: 'corr-1', provider: 'microsoft_teams', meetingId }],
    signal: recordingReportedSignal,
    signalArgs: [{ inboxId: 'test' }],
  });
  await eventually(async () => {
    const [recording] = await service.database.repositories.recordings.ofAudition(organization, auditionId);
    return recording?.state === 'stored' && recording.files[0]?.size === 5_000;
  }, 30_000);

  await platform.command(requested.id, 'cancel', { reason: 'the part is cut' });
  await service.temporal.workflow.getHandle(`audition/${requested.id}`).result();
  expect(meetingEvents()).toEqual([]);
  expect(meetings().filter(({ account }) => account.startsWith('dora'))).toEqual([]);
});
