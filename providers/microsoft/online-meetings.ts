/**
 * Implements `MeetingProvider` for Teams: https://learn.microsoft.com/graph/api/resources/onlinemeeting. A meeting belongs
 * to a connected work or school account. It is created with `createOrGet` and our reference as its external id, so that
 * the vendor itself keeps a repeated creation from making a second meeting. It is then in no calendar
 * (docs/decisions/0048-create-teams-meetings-apart-from-events.md). A meeting that is recorded, and one that asks for it, is created as
 * a part of an event of its host (docs/decisions/0070-make-recorded-teams-meetings-part-of-an-event.md).
 */
import { z } from 'zod';
import type { Meeting, MeetingAccess } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { cutText } from '../../domain/text-length.ts';
import { dialInOf } from '../dial-in.ts';
import type { ErrorRow, ProviderOperation, VendorFailure } from '../errors/error-table.ts';
import { operationOf, withoutEffect } from '../operations.ts';
import type { CallContext, ConnectedAccount, HostAccount, MeetingProvider, MeetingSpec } from '../ports.ts';
import { afterCreation } from './after-creation.ts';
import { readAttendance } from './attendance-reports.ts';
import type { GraphClient, GraphRequest } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { polled } from './late-listing.ts';
import { createOrGetErrors, explained, onlineMeetingErrors } from './meeting-errors.ts';
import {
  awaitMeetingEvents,
  hasMeetingEvent,
  type MeetingEvent,
  moveMeetingEvent,
  openMeetingEvent,
  removeMeetingEvent,
} from './meeting-event.ts';
import { idsIn, meetingIdOf, onlineMeetingPath, onlineMeetingsPath } from './meeting-ids.ts';
import {
  areCoorganizers,
  coorganizersOf,
  meetingOptionsSchema,
  optionsOf,
  unmetOptions,
} from './meeting-options.ts';
import { attendanceScope, meetingScope } from './settings.ts';

const findOperation = operationOf('microsoft', 'meetings.find');
const createOperation = operationOf('microsoft', 'meetings.create');
const moveOperation = operationOf('microsoft', 'meetings.move');
const removeOperation = operationOf('microsoft', 'meetings.remove');
const checkOperation = operationOf('microsoft', 'meetings.check');
const leadersOperation = operationOf('microsoft', 'meetings.setLeaders');
const attendanceOperation = operationOf('microsoft', 'meetings.attendance');

const meetingSchema = meetingOptionsSchema.extend({
  id: z.string().describe('The id of the meeting'),
  joinWebUrl: z.string().nullish().describe('The link by which people join'),
  subject: z.string().nullish().describe('The topic'),
  creationDateTime: z.string().nullish().describe('When the meeting was created'),
  startDateTime: z.string().nullish().describe('An instant'),
  endDateTime: z.string().nullish().describe('An instant'),
  audioConferencing: z
    .object({
      tollNumbers: z.array(z.string()).nullish().describe('The numbers of the invitation'),
      conferenceId: z.string().nullish().describe('What is entered after the number'),
    })
    .nullish()
    .describe('https://learn.microsoft.com/graph/api/resources/audioconferencing'),
});
type OnlineMeeting = z.infer<typeof meetingSchema>;

/** A meeting that is older than this was created by an earlier attempt. */
const freshMs = 60_000;
/** After a person has deleted the meeting, the next external id is used. */
const maxGenerations = 3;
/** No limit is documented. Outlook cuts longer subjects. */
const maxSubjectLength = 255;

/** The connection, the call and the operation of a request. */
interface CallScope {
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** A meeting that exists, with the last answer of Graph about it. */
interface Opened {
  readonly meeting: Meeting;
  readonly answered: OnlineMeeting;
}

/** Creates the provider. Every method throws `ProviderError`. */
export const createTeamsMeetings = (client: GraphClient): MeetingProvider => {
  const send = async <Shape extends z.ZodType>(
    { operation, connection, call }: CallScope,
    answer: Shape,
    request: GraphRequest,
    errors: readonly ErrorRow[] = onlineMeetingErrors,
  ): Promise<z.output<Shape>> => {
    try {
      // The role of an alternative host is such a value.
      const sent = { ...request, errors, withLaterValues: true };
      return await client.exchange(operation, connection, call, answer, sent);
    } catch (error) {
      throw explained(error);
    }
  };

  const change = (scope: CallScope, meetingId: string, body: object): Promise<OnlineMeeting> =>
    send(scope, meetingSchema, { method: 'patch', path: onlineMeetingPath(meetingId), body });

  const read = (scope: CallScope, meetingId: string): Promise<OnlineMeeting | undefined> =>
    unlessGone(
      send({ ...scope, operation: withoutEffect(scope.operation) }, meetingSchema, {
        method: 'get',
        path: onlineMeetingPath(meetingId),
      }),
    );

  /**
   * Returns the meeting with the reference, created if it does not exist. It is not documented whether a deleted meeting
   * keeps its external id, so an older meeting is read: when it is gone, the next external id is used.
   */
  const createOrGet = async (
    scope: CallScope,
    reference: string,
    content: { readonly slot: Slot; readonly topic?: string },
  ): Promise<OnlineMeeting | undefined> => {
    for (let generation = 1; generation <= maxGenerations; generation += 1) {
      const sentAt = Date.now();
      const body = {
        externalId: generation === 1 ? reference : `${reference}-${generation}`,
        ...timesOf(content.slot),
        ...subjectOf(content.topic),
      };
      const request = { method: 'post', path: `${onlineMeetingsPath}/createOrGet`, body } as const;
      const answered = await send(scope, meetingSchema, request, createOrGetErrors);
      if (Date.parse(answered.creationDateTime ?? '') >= sentAt - freshMs) return answered;
      const stored = await afterCreation(read(scope, answered.id));
      if (stored) return stored;
    }
    return undefined;
  };

  /**
   * Gives the meeting the time, the topic and the options that it does not have yet. It is usable without options that
   * Graph refuses.
   */
  const complete = async (
    scope: CallScope,
    meeting: OnlineMeeting,
    { slot, topic, settings }: MeetingSpec,
  ): Promise<OnlineMeeting> => {
    const needed = {
      ...(isAt(meeting, slot) ? {} : timesOf(slot)),
      ...(meeting.subject === subjectOf(topic).subject ? {} : subjectOf(topic)),
    };
    const options = optionsOf(settings);
    const changed = await unlessRefused(changeOrKeep(scope, meeting, { ...needed, ...options }));
    return changed ?? changeOrKeep(scope, meeting, needed);
  };

  const changeOrKeep = async (
    scope: CallScope,
    meeting: OnlineMeeting,
    body: object,
  ): Promise<OnlineMeeting> =>
    Object.keys(body).length === 0
      ? meeting
      : ((await unlessGone(change(scope, meeting.id, body))) ?? vanished(scope));

  /** People outside of the organization cannot be co-organizers. The meeting is usable without them. */
  const addCoorganizers = async (
    scope: CallScope,
    meeting: OnlineMeeting,
    emails: readonly string[],
  ): Promise<OnlineMeeting> => {
    const changed = await unlessRefused(change(scope, meeting.id, coorganizersOf(emails)));
    return changed ?? meeting;
  };

  const inCalendar = (scope: CallScope) => ({ client, ...scope });

  /** Returns the online meeting of an event. Teams lists it after the event. */
  const ofLink = async (scope: CallScope, joinUrl: string): Promise<OnlineMeeting> => {
    // https://learn.microsoft.com/graph/api/onlinemeeting-get#example-3-retrieve-an-online-meeting-by-joinweburl
    const filter = encodeURIComponent(`JoinWebUrl eq '${joinUrl}'`);
    const request = { method: 'get', path: `${onlineMeetingsPath}?$filter=${filter}` } as const;
    const reading = { ...scope, operation: withoutEffect(scope.operation) };
    const answer = z.object({ value: z.array(meetingSchema) });
    const found = await polled(inCalendar(scope), async () => {
      const { value } = (await unlessGone(send(reading, answer, request))) ?? { value: [] };
      return value[0];
    });
    return found ?? fail(scope, notListed);
  };

  const completeOfEvent = async (
    scope: CallScope,
    event: MeetingEvent,
    settings: MeetingSettings,
  ): Promise<Opened> => {
    const opened = await ofLink(scope, event.joinUrl);
    const answered = await unlessRefused(changeOrKeep(scope, opened, optionsOf(settings)));
    const id = meetingIdOf({ onlineMeeting: opened.id, event: event.id });
    return { meeting: { ...asMeeting(scope, opened), id }, answered: answered ?? opened };
  };

  /** Creates the meeting as a part of an event. Undefined when the account may not have such events. */
  const createInCalendar = async (
    scope: CallScope,
    { reference, topic, slot, settings }: MeetingSpec,
  ): Promise<Opened | undefined> => {
    const event = await openMeetingEvent(inCalendar(scope), { reference, topic, slot });
    return event && afterCreation(completeOfEvent(scope, event, settings));
  };

  const createApart = async (scope: CallScope, spec: MeetingSpec): Promise<Opened> => {
    const opened = await createOrGet(scope, spec.reference, spec);
    if (!opened) throw failure(scope, idsUsedUp);
    return {
      meeting: asMeeting(scope, opened),
      answered: await afterCreation(complete(scope, opened, spec)),
    };
  };

  return {
    name: 'microsoft_teams',
    // Graph has no search by our reference, and no list of meetings.
    createsOnce: true,
    find: async (host, reference, around, call) => {
      const scope = scopeOf(findOperation, host, call);
      const events = await awaitMeetingEvents(inCalendar(scope), reference);
      // A removal needs no link, and the id of the event only.
      if (events.length > 0)
        return events.map(({ id }) => ({
          ...named,
          id: meetingIdOf({ onlineMeeting: '', event: id }),
          joinUrl: teamsAddress,
        }));
      const meeting = await createOrGet(scope, reference, { slot: around });
      return meeting ? [{ ...named, id: meeting.id, joinUrl: meeting.joinWebUrl ?? teamsAddress }] : [];
    },
    create: async (host, spec, call) => {
      const scope = scopeOf(createOperation, host, call);
      const { settings } = spec;
      const ofEvent = isEventWanted(settings) ? await createInCalendar(scope, spec) : undefined;
      const { meeting, answered: completed } = ofEvent ?? (await createApart(scope, spec));
      const { alternativeHosts = [] } = settings;
      const answered =
        alternativeHosts.length === 0
          ? completed
          : await afterCreation(addCoorganizers(scope, completed, alternativeHosts));
      return {
        meeting,
        notHonored: unmetOptions(settings, { ...answered, hasEvent: ofEvent !== undefined }),
      };
    },
    move: async (host, meetingId, { slot, topic, settings }, call) => {
      const scope = scopeOf(moveOperation, host, call);
      const { event } = idsIn(meetingId);
      if (event !== undefined) await moveMeetingEvent(inCalendar(scope), event, { slot, topic });
      // The meeting of an event has the time and the topic of the event.
      const content = event === undefined ? { ...timesOf(slot), ...subjectOf(topic) } : {};
      const body = { ...content, ...optionsOf(settings) };
      if (Object.keys(body).length > 0) await change(scope, meetingId, body);
    },
    setLeaders: async (host, meetingId, emails, call) => {
      const scope = scopeOf(leadersOperation, host, call);
      const changed = await unlessRefused(change(scope, meetingId, coorganizersOf(emails)));
      return changed !== undefined && areCoorganizers(emails, changed);
    },
    remove: async (host, meetingId, call) => {
      const scope = scopeOf(removeOperation, host, call);
      const { event } = idsIn(meetingId);
      if (event !== undefined) return removeMeetingEvent(inCalendar(scope), event);
      const request = { method: 'delete', path: onlineMeetingPath(meetingId) } as const;
      const removal = send(scope, z.unknown(), request).then(() => 'deleted' as const);
      return (await unlessGone(removal)) ?? 'absent';
    },
    check: async (host, meetingId, call) => {
      const scope = scopeOf(checkOperation, host, call);
      const { event } = idsIn(meetingId);
      if (event !== undefined)
        return { status: (await hasMeetingEvent(inCalendar(scope), event)) ? 'present' : 'absent' };
      const found = await read(scope, meetingId);
      return found ? { status: 'present', access: accessOf(found) } : { status: 'absent' };
    },
    attendance: async (host, meetingId, call) => {
      const scope = scopeOf(attendanceOperation, host, call);
      requireScope(scope, attendanceScope, reportScopeMissing);
      return readAttendance({ client, ...scope }, onlineMeetingPath(meetingId));
    },
  };
};

/**
 * Microsoft serves the recordings of meetings of events only
 * (https://learn.microsoft.com/graph/api/onlinemeeting-list-recordings), so a recorded meeting is one, unless the settings forbid it.
 */
const isEventWanted = ({ calendarEvent, recording }: MeetingSettings): boolean =>
  calendarEvent ?? recording === 'cloud';

/** @throws {ProviderError} when the host is no connected account, or its consent does not cover meetings. */
const scopeOf = (operation: ProviderOperation, host: HostAccount, call: CallContext): CallScope => {
  if (host.kind !== 'connected') throw graphError(operation, noHost, onlineMeetingErrors);
  const scope = { operation, connection: host.connection, call };
  requireScope(scope, meetingScope, scopeMissing);
  return scope;
};

const requireScope = (scope: CallScope, needed: string, missing: VendorFailure): void => {
  const { scopes } = scope.connection;
  if (scopes !== undefined && !scopes.includes(needed)) throw failure(scope, missing);
};

const failure = ({ operation, connection: { id } }: CallScope, failed: VendorFailure): ProviderError => {
  const { provider, operation: name, fault, vendor } = graphError(operation, failed, onlineMeetingErrors);
  return new ProviderError(provider, name, fault, vendor, { connection: id });
};

const noHost: VendorFailure = {
  code: 'no_host',
  message: 'a Teams meeting needs a connected Microsoft account as its host: connect one and choose it',
};
const scopeMissing: VendorFailure = {
  code: 'scope_missing',
  message: `the consent does not cover Teams meetings (${meetingScope}): connect the account again and allow them`,
};
const reportScopeMissing: VendorFailure = {
  code: 'report_scope_missing',
  message: `the consent does not cover attendance reports (${attendanceScope}): connect the account again and allow them`,
};
const withoutLink: VendorFailure = {
  code: 'meeting_without_link',
  message: 'Microsoft has created the meeting without a link by which people join',
};
const notListed: VendorFailure = {
  code: 'meeting_not_listed',
  message: 'Microsoft has created the event, and does not list its Teams meeting yet',
};
const idsUsedUp: VendorFailure = {
  code: 'external_ids_used_up',
  message: `the meeting was deleted ${maxGenerations} times and cannot be created again`,
};
const deletedMeanwhile: VendorFailure = {
  code: 'meeting_vanished',
  message: 'the meeting was deleted while it was created',
};

const fail = (scope: CallScope, failed: VendorFailure): never => {
  throw failure(scope, failed);
};
const vanished = (scope: CallScope): never => fail(scope, deletedMeanwhile);

const named = { provider: 'microsoft_teams' } as const;
const teamsAddress = 'https://teams.microsoft.com/';

const asMeeting = (scope: CallScope, meeting: OnlineMeeting): Meeting => {
  const access = accessOf(meeting);
  if (!access) throw failure(scope, withoutLink);
  return { ...named, id: meeting.id, ...access };
};

const accessOf = ({ joinWebUrl, audioConferencing }: OnlineMeeting): MeetingAccess | undefined => {
  if (!joinWebUrl) return undefined;
  const { tollNumbers, conferenceId } = audioConferencing ?? {};
  return { joinUrl: joinWebUrl, ...dialInOf(tollNumbers?.[0], conferenceId) };
};

const timesOf = ({ start, end }: Slot) => ({ startDateTime: start, endDateTime: end });

const isAt = ({ startDateTime, endDateTime }: OnlineMeeting, { start, end }: Slot): boolean =>
  Date.parse(startDateTime ?? '') === Date.parse(start) && Date.parse(endDateTime ?? '') === Date.parse(end);

const subjectOf = (topic: string | undefined): { readonly subject?: string } =>
  topic === undefined ? {} : { subject: cutText(topic, maxSubjectLength) };

/** Returns the answer, and undefined when Graph refuses the content of the request. */
const unlessRefused = async <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (hasFault(error, 'rejected_input') || hasFault(error, 'not_permitted')) return undefined;
    throw error;
  }
};

/** Returns the answer, and undefined when Teams does not have the meeting. */
const unlessGone = async <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (hasFault(error, 'not_found')) return undefined;
    throw error;
  }
};

const hasFault = (error: unknown, kind: ProviderFaultKind): boolean =>
  error instanceof ProviderError && error.fault.kind === kind;
