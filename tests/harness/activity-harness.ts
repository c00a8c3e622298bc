/**
 * Runs the activities against a real PostgreSQL, a real mail server, and a provider sandbox that the vendors' client
 * libraries call. Each test has its own sandbox; the tests of a file share the database and the mail server.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type {
  AuditionActivities,
  BookRoomInput,
  CheckMeetingInput,
  ClaimSlotInput,
  CreateMeetingInput,
  EndMeetingInput,
  FindBusyInput,
  MoveMeetingInput,
  NoticeFacts,
  RegisterParticipantsInput,
  RemoveEventInput,
  RemoveMeetingInput,
  RetractNoticeInput,
  SendNoticeInput,
  SendNoticesInput,
  SetLeadersInput,
  WriteEventInput,
  WriteEventsInput,
} from '../../activities/contract.ts';
import { type ActivityDependencies, createActivities } from '../../activities/index.ts';
import { createLookAtMeeting } from '../../activities/meetings/meetings.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { type Participant, participantSchema } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { type AuditionId, projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day } from '../../domain/time/units.ts';
import { createJoinLinkIds } from '../../foundation/links/join-link.ts';
import { createResponseLinkIds } from '../../foundation/links/response-link.ts';
import type { FaultRequest } from '../../infra/sandbox/faults/fault.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import type { Vendor } from '../../infra/sandbox/vendors.ts';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { Providers } from '../../providers/ports.ts';
import { createProviders } from '../../providers/registry.ts';
import { factsUntilScheduled, numbered, trail } from './audition-trail.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { timePasses } from './ledger.ts';
import { type MailServer, readMailsTo, startMailServer } from './mail-server.ts';
import { sandboxSettings } from './sandbox-settings.ts';

/**
 * The two slots lie in the nights in which the clock changes in Paris. The hour from two to three does not exist in
 * the first night, and occurs twice in the second.
 */
export const slot: Slot = {
  start: '2031-03-30T00:30:00.000Z',
  end: '2031-03-30T01:30:00.000Z',
  zone: 'Europe/Paris',
};
export const laterSlot: Slot = {
  start: '2031-10-26T00:30:00.000Z',
  end: '2031-10-26T01:30:00.000Z',
  zone: 'Europe/Paris',
};

export const ada: Participant = participantSchema.parse({
  id: 'ada',
  kind: 'performer',
  name: 'Ada',
  email: 'ada@example.com',
  phone: '+33612345678',
  zone: 'Europe/Paris',
  channels: ['email', 'sms'],
});

export const noticeFacts: NoticeFacts = {
  project: { id: projectIdSchema.parse('prj'), title: 'Nightfall' },
  role: { id: roleIdSchema.parse('role'), name: 'Captain' },
  round: 'first',
  slot,
  revision: 1,
};

const linkKeys = [{ key: randomBytes(32) }];
const joinLinkIds = createJoinLinkIds(linkKeys);
const responseLinkIds = createResponseLinkIds(linkKeys);

export interface ActivityHarnessOptions {
  /** Whether the mail server offers a journal; without one, the client cannot find out whether a message was sent. */
  readonly journal?: boolean;
  readonly sandbox?: SandboxOptions;
  /** The clock of the sandbox, in epoch milliseconds. */
  readonly clock?: () => number;
  /** Wraps the providers that the activities call, so that a test can interfere. */
  readonly wrapProviders?: (providers: Providers) => Providers;
  /** Wraps the repositories that the activities call, likewise. */
  readonly wrapRepositories?: (repositories: TestDatabase['repositories']) => TestDatabase['repositories'];
  readonly messageLimits?: ActivityDependencies['messageLimits'];
}

/** Call it at the top of a test file. Returns a function that sets up the activities for one test. */
export const useActivityHarness = () => {
  let database: TestDatabase;
  let mail: MailServer;
  beforeAll(async () => {
    [database, mail] = await Promise.all([createTestDatabase(), startMailServer()]);
  });
  afterAll(async () => {
    await mail.close();
    await database.drop();
  });

  return async ({
    journal = true,
    sandbox: sandboxOptions = {},
    clock = Date.now,
    wrapProviders = (same) => same,
    wrapRepositories = (same) => same,
    messageLimits = { sms: 1_000, email: 1_000, smsCountries: 'any' },
  }: ActivityHarnessOptions = {}) => {
    // Connects the account again for each test: a sandbox rejects the access tokens that another sandbox issued.
    await connectOffice(database);
    const sandbox = await startSandbox(sandboxOptions, clock);
    const providers = createProviders(settingsFor(sandbox.url, mail, journal));
    onTestFinished(async () => {
      await providers.close();
      await sandbox.close();
    });
    const auditionId: AuditionId = `aud_${randomUUID()}`;
    const history: AuditionFact[] = [...factsUntilScheduled(auditionId, 'org_1', slotDay())];
    const told: AuditionId[] = [];
    const position = () => numbered(trail(history));
    const accessTokens = createAccessTokens({
      store: database.repositories.connections,
      authorizers: providers.authorizers.oauth,
    });
    const dependencies: ActivityDependencies = {
      repositories: wrapRepositories(database.repositories),
      runs: { findPlan: async () => undefined },
      providers: wrapProviders(providers),
      accessTokens,
      publicUrl: sandbox.url,
      messageLimits,
      responseUrl: async (request) =>
        `${sandbox.url}/r/${await database.repositories.responseLinks.issue(request, responseLinkIds)}`,
      joinUrl: async (request) => {
        const [id] = await database.repositories.joinLinks.issue([request], joinLinkIds);
        return `${sandbox.url}/j/${id}`;
      },
      issueJoinLinks: (requests) => database.repositories.joinLinks.issue(requests, joinLinkIds),
      tellSlotTaken: async (id) => void told.push(id),
      sender: 'CastMatch <casting@castmatch.test>',
    };
    const activities = createActivities(dependencies);
    return {
      activities: asActivities(activities),
      /** The look at a meeting, outside of an activity. */
      lookAtMeeting: createLookAtMeeting(dependencies),
      /** The same activities, to be run in a context of the test. */
      unbound: activities,
      /** The same activities in another activity execution, as after a retry by the operator. */
      retriedByOperator: asActivities(activities, { activityId: 'retried by an operator' }),
      repositories: database.repositories,
      pool: database.pool,
      sandbox,
      accessTokens,
      providers,
      fault: (vendor: Vendor, request: FaultRequest) => sandbox.control.setFault(vendor, request),
      state: () => sandbox.control.state(),
      addBusy: (time: Parameters<typeof sandbox.control.addBusy>[0]) => sandbox.control.addBusy(time),
      addOutlookEvent: (event: Parameters<typeof sandbox.control.addOutlookEvent>[0]) =>
        sandbox.control.addOutlookEvent(event),
      openMailbox: (account: string) => sandbox.control.openMailbox(account),
      revoke: (vendor: Vendor, account: string) => sandbox.control.revokeGrants(vendor, account),
      inboxOf: (address: string) => readMailsTo(mail.apiUrl, address),
      auditionId,
      /** The auditions that were told that their slot was taken. */
      toldSlotTaken: told,
      publicUrl: sandbox.url,
      /** The call of each activity. Its trail is that of a scheduled audition. */
      about: { organization: 'org_1', auditionId, correlationId: 'corr-1', trail: position() } as const,
      /** Appends facts to the trail, as the workflow does while an activity runs. */
      record: async (...facts: readonly AuditionFact[]) => {
        history.push(...facts);
        await database.repositories.events.append({ auditionId, run: mockedRun, position: position() });
      },
      key: (step: string) => `audition/${auditionId}:${step}`,
      /** Returns another audition of the organization, which is scheduled. */
      another: () => {
        const id: AuditionId = `aud_${randomUUID()}`;
        const facts = numbered(trail([...factsUntilScheduled(id, 'org_1', slotDay())]));
        return {
          auditionId: id,
          about: { organization: 'org_1', auditionId: id, correlationId: 'corr-1', trail: facts },
          key: (step: string) => `audition/${id}:${step}`,
        } as const;
      },
      timePasses: () => timePasses(database.pool),
    };
  };
};

/** Returns a day ahead: the calendars of an audition whose slot is over are not read any more. */
const slotDay = (): string => toInstant(Date.now() + 90 * day).slice(0, 'yyyy-mm-dd'.length);

/** Stores one organization with a connected calendar, which is also its calendar for Meet meetings. */
const connectOffice = async ({ repositories: { connections, organizations } }: TestDatabase) => {
  await connections.put({
    id: 'conn_1',
    organization: 'org_1',
    provider: 'google',
    account: 'office@example.com',
    refreshToken: 'sandbox-refresh-office@example.com',
  });
  await organizations.put({
    id: 'org_1',
    name: 'Office',
    meetingProviders: ['zoom', 'google_meet'],
    meetCalendar: { connection: 'conn_1', calendarId: 'primary' },
  });
};

/** Each test has default hosts of its own, because the tests of a file share a database. */
const settingsFor = (url: string, mail: MailServer, journal: boolean) => ({
  ...withHosts(sandboxSettings(url), randomUUID()),
  smtp: {
    url: mail.smtpUrl,
    requireTls: false,
    from: 'CastMatch <casting@castmatch.test>',
    journalUrl: journal ? mail.apiUrl : undefined,
  },
});

const withHosts = (settings: ReturnType<typeof sandboxSettings>, domain: string) => ({
  ...settings,
  zoom: { ...settings.zoom, hostUsers: [`first@${domain}.example`, `second@${domain}.example`] },
});

/** The run of the workflow in the SDK's activity environment. */
const mockedRun = '00000000-0000-0000-0000-000000000000';

/** Runs each activity in an activity context, as a worker does. */
const asActivities = (activities: AuditionActivities, info?: Partial<Info>) => {
  const inContext =
    <Input, Result>(activity: (input: Input) => Promise<Result>) =>
    (input: Input): Promise<Result> =>
      new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') }).run(activity, input);
  return {
    claimSlot: inContext((input: ClaimSlotInput) => activities.claimSlot(input)),
    recordEvents: inContext((input: Parameters<AuditionActivities['recordEvents']>[0]) =>
      activities.recordEvents(input),
    ),
    findBusy: inContext((input: FindBusyInput) => activities.findBusy(input)),
    writeEvent: inContext((input: WriteEventInput) => activities.writeEvent(input)),
    writeEvents: inContext((input: WriteEventsInput) => activities.writeEvents(input)),
    bookRoom: inContext((input: BookRoomInput) => activities.bookRoom(input)),
    removeEvent: inContext((input: RemoveEventInput) => activities.removeEvent(input)),
    checkMeeting: inContext((input: CheckMeetingInput) => activities.checkMeeting(input)),
    readAttendance: inContext((input: CheckMeetingInput) => activities.readAttendance(input)),
    endMeeting: inContext((input: EndMeetingInput) => activities.endMeeting(input)),
    createMeeting: inContext((input: CreateMeetingInput) => activities.createMeeting(input)),
    setLeaders: inContext((input: SetLeadersInput) => activities.setLeaders(input)),
    registerParticipants: inContext((input: RegisterParticipantsInput) =>
      activities.registerParticipants(input),
    ),
    moveMeeting: inContext((input: MoveMeetingInput) => activities.moveMeeting(input)),
    removeMeeting: inContext((input: RemoveMeetingInput) => activities.removeMeeting(input)),
    sendNotice: inContext((input: SendNoticeInput) => activities.sendNotice(input)),
    sendNotices: inContext((input: SendNoticesInput) => activities.sendNotices(input)),
    retractNotice: inContext((input: RetractNoticeInput) => activities.retractNotice(input)),
  };
};
