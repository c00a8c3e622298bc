/** Stores the online meetings of all organizers, with their sessions and attendance reports. */
import { randomInt, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import type { MeetingSession, MeetingSessions } from '../meeting-sessions.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import { GraphError } from './errors.ts';
import {
  type ChangeBody,
  type CreateOrGetBody,
  type CreationBody,
  joinWebUrlOf,
  optionNames,
  type StoredOnlineMeeting,
  storedOnlineMeetingSchema,
  timesOf,
} from './online-meeting.ts';
import { objectIdOf } from './person.ts';

export interface OnlineMeetings {
  /** Creates a meeting, or returns the organizer's meeting with the external id, as it is. */
  createOrGet(
    account: string,
    body: CreateOrGetBody,
  ): { readonly meeting: StoredOnlineMeeting; readonly isNew: boolean };
  create(account: string, body: CreationBody): StoredOnlineMeeting;
  /**
   * Creates the meeting of an event, or gives it the time and the subject of the event. A meeting whose event is deleted is not
   * found any more. Returns the meeting as the event shows it.
   */
  ofEvent(
    account: string,
    id: string | undefined,
    event: {
      readonly subject: string | undefined;
      readonly startMs: number;
      readonly endMs: number;
      readonly deleted: boolean;
    },
  ): { readonly id: string; readonly joinUrl: string };
  /** Makes the meeting a part of an event of its organizer, as one that was scheduled in Outlook. */
  attachEvent(id: string): void;
  /** Returns a meeting. `get`, `update` and `remove` throw Graph's 404 when the organizer has no such meeting. */
  get(account: string, id: string): StoredOnlineMeeting;
  update(account: string, id: string, body: ChangeBody): StoredOnlineMeeting;
  remove(account: string, id: string): void;
  findByLink(account: string, joinWebUrl: string): StoredOnlineMeeting | undefined;
  findByJoinId(account: string, joinMeetingId: string): StoredOnlineMeeting | undefined;
  /** Returns the session of a report. Only a session that has ended has one. */
  reports(account: string, id: string): readonly MeetingSession[];
  /** Returns a meeting of any organizer. */
  find(id: string): StoredOnlineMeeting | undefined;
  all(): readonly StoredOnlineMeeting[];
  readonly save: () => readonly StoredOnlineMeeting[];
  readonly load: (value: unknown) => void;
  reset(): void;
}

const notFound = () => new GraphError(404, 'NotFound', 'The meeting was not found.');

/** An id in the form of Graph: Base64 of a version, the organizer and the thread. */
const idOf = (account: string, threadId: string): string =>
  Buffer.from(`1*${objectIdOf(account)}*0**${threadId}`).toString('base64url');

/** Returns the options of a request, without those that the policy of the tenant decides. */
const optionsOf = (body: ChangeBody | CreationBody, decided: readonly string[]) =>
  Object.fromEntries(
    Object.entries(body).filter(([name]) => optionNames.includes(name) && !decided.includes(name)),
  );

/** Only people of the tenant can have a role: https://learn.microsoft.com/graph/api/application-post-onlinemeetings */
const attendeesOf = ({ participants }: Pick<ChangeBody, 'participants'>, account: string) => {
  const domain = account.split('@')[1] ?? '';
  for (const { upn = '', role } of participants?.attendees ?? []) {
    if ((role === 'presenter' || role === 'coorganizer') && !upn.endsWith(`@${domain}`)) {
      throw new GraphError(400, 'BadRequest', `The user ${upn} cannot have the role ${role}.`);
    }
  }
  return participants && { attendees: participants.attendees };
};

/** Creates a store without meetings. */
export const createOnlineMeetings = ({
  settings,
  clock,
  changeNotifier,
  sessions,
}: {
  readonly settings: MicrosoftSandboxSettings;
  readonly clock: Clock;
  readonly changeNotifier: ChangeNotifier;
  readonly sessions: MeetingSessions;
}): OnlineMeetings => {
  const meetings = new Map<string, StoredOnlineMeeting>();
  const put = (meeting: StoredOnlineMeeting): StoredOnlineMeeting => {
    meetings.set(meeting.id, meeting);
    changeNotifier.notify();
    return meeting;
  };
  const of = (account: string) =>
    [...meetings.values()].filter((meeting) => meeting.account === account && !meeting.deleted);
  const get = (account: string, id: string): StoredOnlineMeeting => {
    const meeting = meetings.get(id);
    if (meeting?.account !== account || meeting.deleted) throw notFound();
    return meeting;
  };

  const add = (account: string, body: CreateOrGetBody | CreationBody): StoredOnlineMeeting => {
    const threadId = `19:meeting_${randomUUID().replaceAll('-', '')}@thread.v2`;
    return put({
      id: idOf(account, threadId),
      account,
      ...('externalId' in body ? { externalId: body.externalId } : {}),
      createdMs: clock(),
      ...timesOf(body, clock()),
      ...(body.subject === undefined ? {} : { subject: body.subject }),
      joinMeetingId: String(randomInt(200_000_000, 299_999_999)) + String(randomInt(1000, 9999)),
      threadId,
      isPasscodeRequired:
        'joinMeetingIdSettings' in body ? (body.joinMeetingIdSettings?.isPasscodeRequired ?? false) : false,
      options: optionsOf(body, settings.decidedMeetingOptions),
      attendees: attendeesOf(body, account)?.attendees ?? [],
      deleted: false,
      hasEvent: false,
    });
  };

  return {
    createOrGet(account, body) {
      timesOf(body, clock());
      const known = [...meetings.values()].find(
        (meeting) =>
          meeting.account === account &&
          meeting.externalId === body.externalId &&
          (!meeting.deleted || settings.deletedExternalIds === 'remembered'),
      );
      return known ? { meeting: known, isNew: false } : { meeting: add(account, body), isNew: true };
    },
    create: add,
    ofEvent(account, id, event) {
      const earlier = id === undefined ? undefined : meetings.get(id);
      const meeting = put({
        ...(earlier ?? add(account, {})),
        ...event,
        hasEvent: true,
        deleted: event.deleted || (earlier?.deleted ?? false),
      });
      return { id: meeting.id, joinUrl: joinWebUrlOf(meeting, settings.tenantId) };
    },
    attachEvent(id) {
      const meeting = meetings.get(id);
      if (!meeting) throw notFound();
      put({ ...meeting, hasEvent: true });
    },
    get,
    update(account, id, body) {
      const held = get(account, id);
      const { startDateTime, endDateTime, subject } = body;
      // "Adjusting the start or end […] always requires both": https://learn.microsoft.com/graph/api/onlinemeeting-update
      if ((startDateTime === undefined) !== (endDateTime === undefined)) {
        throw new GraphError(400, 'BadRequest', 'StartTime and EndTime must be updated together.');
      }
      const options = optionsOf(body, settings.decidedMeetingOptions);
      const lobby = { ...held.options.lobbyBypassSettings, ...Object(options['lobbyBypassSettings']) };
      return put({
        ...held,
        ...(startDateTime === undefined ? {} : timesOf(body, clock())),
        ...(subject === undefined ? {} : { subject }),
        ...attendeesOf(body, account),
        options: {
          ...held.options,
          ...options,
          ...(options['lobbyBypassSettings'] ? { lobbyBypassSettings: lobby } : {}),
        },
      });
    },
    remove(account, id) {
      put({ ...get(account, id), deleted: true });
    },
    findByLink: (account, joinWebUrl) =>
      of(account).find(
        (meeting) =>
          joinWebUrlOf(meeting, settings.tenantId) === joinWebUrl &&
          (!meeting.hasEvent || meeting.createdMs + settings.eventMeetingDelayMs <= clock()),
      ),
    findByJoinId: (account, joinMeetingId) =>
      of(account).find((meeting) => meeting.joinMeetingId === joinMeetingId),
    reports: (account, id) => sessions.of(get(account, id).id).filter(({ endMs }) => endMs !== undefined),
    find: (id) => meetings.get(id),
    all: () => [...meetings.values()],
    save: () => [...meetings.values()],
    load(value) {
      for (const meeting of z.array(storedOnlineMeetingSchema).parse(value))
        meetings.set(meeting.id, meeting);
    },
    reset() {
      meetings.clear();
      changeNotifier.notify();
    },
  };
};
