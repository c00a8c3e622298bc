/**
 * Creates meetings as conferences of calendar events, in the organization's calendar. When that calendar also belongs
 * to a participant, the meeting step and the calendar step write the same event. Each marks its own use of it: the end of
 * the meeting, however late, takes the conference from the event and deletes the event only when no other use of it is left.
 */
import { z } from 'zod';
import { isAuditionOwner, type MeetingOwner } from '../../domain/audition/casting-session.ts';
import { changedAccess } from '../../domain/audition/changed-access.ts';
import { type Meeting, meetingSchema } from '../../domain/audition/meeting.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import { ProviderError } from '../../domain/errors.ts';
import { connectionIdSchema, type OrganizationId } from '../../domain/ids.ts';
import { type CalendarMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import { calendarNames } from '../../providers/calendar-names.ts';
import { type CallOperation, operationOf } from '../../providers/operations.ts';
import type { CallContext, ConnectedAccount, MeetingPresence } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type {
  CreateMeetingInput,
  MeetingOfAudition,
  MoveMeetingInput,
  RemoveMeetingInput,
  UndoResult,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { conferenceRequestId, eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';
import type { MeetingSteps, Owned } from './meeting-steps.ts';
import { applyConsent, nameWithheld, withConsent } from './recording-consent.ts';

/** What the ledger stores. Rows of earlier versions have only the meeting. */
const storedSchema = meetingSchema.extend({
  eventId: z.string().optional().describe("The provider's id of the event"),
  startedAt: instantSchema.optional().describe('Before the write'),
  connection: connectionIdSchema
    .optional()
    .describe('The account of the calendar. Recordings are read with it'),
});
type StoredMeeting = z.infer<typeof storedSchema>;

/**
 * Creates the meeting steps of a calendar provider. The calendar deduplicates by the event id and the request id of the
 * conference, so no attempt has to search for earlier effects.
 *
 * The calendar is looked up in the organization's settings when the meeting is created, and recorded with the effect.
 * Moves and removals use the recorded one, because settings change in between.
 */
export const createCalendarMeetingSteps = (
  {
    repositories: { ledger, organizations, connections, writtenEvents, events },
    providers: { calendars, calendarChanges, recordings },
    accessTokens,
  }: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>,
  name: CalendarMeetingName,
): MeetingSteps => {
  const provider = meetingVendors[name].vendor;
  const vendorCalendar = calendars[provider];
  const opening = { connections, accessTokens };
  const put = operationOf(provider, 'calendar.putConference');
  const remove = operationOf(provider, 'calendar.deleteEvent');

  /** @throws {ProviderError} `reconnect` when the organization has not chosen a calendar for meetings. */
  const chosenCalendar = async (
    id: OrganizationId,
    { name: operation }: CallOperation,
  ): Promise<WritableCalendarRef> => {
    const organization = await organizations.get(id);
    if (organization?.meetCalendar) return { provider, ...organization.meetCalendar };
    throw new ProviderError(
      provider,
      operation,
      { kind: 'reconnect' },
      {
        message:
          'the organization has no calendar for meetings: connect an account and choose one of its calendars',
      },
    );
  };

  /** Returns the calendar in which the attempts of this key create the meeting. */
  const recordedCalendar = async (key: string): Promise<WritableCalendarRef | undefined> => {
    const target = await ledger.targetOf(key);
    return target?.kind === 'meeting' ? target.calendar : undefined;
  };

  /** Returns the steps that have created, or may have created, a meeting of the audition. The latest is the last. */
  const creations = async (auditionId: MeetingOwner): Promise<readonly Creation[]> => {
    const effects = await ledger.standingEffects(auditionId);
    return effects.flatMap(({ key, target }) =>
      target.kind === 'meeting' && target.provider === name && target.calendar
        ? [{ key, calendar: target.calendar }]
        : [],
    );
  };

  const presentMeeting = async (auditionId: MeetingOwner): Promise<Creation | undefined> =>
    (await creations(auditionId)).at(-1);

  /** @param useKey the key of the step that uses the event, and that removes it. */
  const putMeeting = async (
    input: Omit<Owned<CreateMeetingInput>, 'hasFallback'>,
    calendar: WritableCalendarRef,
    useKey: string,
    call: CallContext,
  ): Promise<StoredMeeting> => {
    const { organization, auditionId, key, slot, revision, topic } = input;
    const { settings, withheld } = await withConsent(events, input, input.settings ?? {});
    const startedAt = toInstant(Date.now());
    const { id, joinUrl, dialIn, notHonored, eventId } = await vendorCalendar.putConference(
      await openConnectionById(opening, organization, calendar, put.name),
      {
        calendarId: calendar.calendarId,
        eventId: eventIdFor(auditionId),
        reference: auditionId,
        key: useKey,
        topic,
        slot,
        revision,
        requestId: conferenceRequestId(key),
        settings,
        // The event of a shared room lasts for the session, whose auditions have events of their own.
        ...(isAuditionOwner(auditionId) ? {} : { isFree: true }),
      },
      call,
    );
    const meeting = nameWithheld(
      {
        provider: name,
        id,
        joinUrl,
        ...(dialIn === undefined ? {} : { dialIn }),
        ...(notHonored.length > 0 ? { notHonored: [...notHonored] } : {}),
      },
      withheld,
    );
    return { ...meeting, eventId, startedAt, connection: calendar.connection };
  };

  /**
   * Registers the calendar for synchronisation, so that a person who moves or deletes the event is noticed. Costs the
   * audition no activity. Returns the meeting.
   */
  const record = async (
    { organization, auditionId, slot, revision }: Omit<Owned<CreateMeetingInput>, 'hasFallback'>,
    calendar: WritableCalendarRef,
    useKey: string,
    { eventId, startedAt, connection: _account, ...meeting }: StoredMeeting,
    call: CallContext,
  ): Promise<Meeting> => {
    if (eventId === undefined || !calendarChanges[calendar.provider]) return meeting;
    // A person who moves the event of a shared room moves no audition.
    if (!isAuditionOwner(auditionId)) return meeting;
    const { connection: id, calendarId } = calendar;
    const connection = (await connections.get(organization, id)) ?? { id, account: undefined };
    const open = () => openConnectionById(opening, organization, calendar, put.name);
    const [calendarName] = await calendarNames(vendorCalendar, connection, calendarId, open, call);
    await writtenEvents.record({
      organization,
      connection: id,
      provider: calendar.provider,
      calendarName,
      calendarId,
      eventId,
      auditionId,
      participant: undefined,
      isForMeeting: true,
      key: useKey,
      slot,
      revision,
      startedAt,
    });
    return meeting;
  };

  const removeFrom = async (
    { organization, auditionId }: Pick<Owned<RemoveMeetingInput>, 'organization' | 'auditionId'>,
    calendar: WritableCalendarRef,
    key: string,
    call: CallContext,
  ) =>
    vendorCalendar.deleteEvent(
      await openConnectionById(opening, organization, calendar, remove.name),
      {
        calendarId: calendar.calendarId,
        eventId: eventIdFor(auditionId),
        reference: auditionId,
        keys: [key],
      },
      call,
    );

  /**
   * Creates the meeting under its key. A repeated attempt uses the calendar of the first one. Meetings of the audition in
   * other calendars are then removed: the organization has chosen another calendar since.
   */
  const create = async (input: Omit<Owned<CreateMeetingInput>, 'hasFallback'>): Promise<Meeting> => {
    const meeting = await createOnce(input);
    const all = await creations(input.auditionId);
    const calendar = all.find(({ key }) => key === input.key)?.calendar;
    const left = all.filter((other) => calendar && !isSameCalendar(other.calendar, calendar));
    if (left.length > 0) {
      const { organization, auditionId, correlationId, trail, slot } = input;
      const keys = left.map(({ key }) => key);
      // Best effort: the workflow has registered the removal of each, and repeats it at the end of the audition.
      await removeOnce({ organization, auditionId, correlationId, trail, slot, keys, provider: name }).catch(
        () => undefined,
      );
    }
    return meeting;
  };

  const createOnce = async (input: Omit<Owned<CreateMeetingInput>, 'hasFallback'>): Promise<Meeting> => {
    const { key, organization, auditionId, slot } = input;
    const chosen = await chosenCalendar(organization, put);
    const calendarOfAttempts = async () => (await recordedCalendar(key)) ?? chosen;
    const context = createAttemptContext(input);
    const stored = await effectOnce(
      ledger,
      {
        key,
        organization,
        provider,
        operation: 'meetings.create',
        call: put.name,
        request: { auditionId, slot },
        auditionId,
        target: { kind: 'meeting', provider: name, slot, calendar: chosen },
      },
      context,
      {
        kind: 'idempotent',
        result: storedSchema,
        // Every attempt writes the same event of this audition, whatever its conference, and a removal removes it.
        providerId: () => auditionId,
        perform: async (call) => putMeeting(input, await calendarOfAttempts(), key, call),
        removeEffect: async (_meeting, call) => removeFrom(input, await calendarOfAttempts(), key, call),
      },
    );
    return record(input, await calendarOfAttempts(), key, stored, context.startCall());
  };

  /**
   * Moves the meeting where it was created. Writes the event again, with another conference, when it was deleted; the
   * step that created the meeting keeps the use of the event and removes it.
   */
  const moveOnce = async (input: Owned<MoveMeetingInput>, created: Creation): Promise<Meeting> => {
    const { key, organization, auditionId, slot, meeting } = input;
    const context = createAttemptContext(input);
    const stored = await effectOnce(
      ledger,
      {
        key,
        organization,
        provider,
        operation: 'meetings.move',
        call: put.name,
        request: { meeting: meeting.id, slot },
        // Without a target, so that it is no effect to undo.
        auditionId,
      },
      context,
      {
        kind: 'idempotent',
        result: storedSchema,
        providerId: () => auditionId,
        perform: (call) => putMeeting(input, created.calendar, created.key, call),
      },
    );
    return record(input, created.calendar, created.key, stored, context.startCall());
  };

  const removeOnce = async (input: Owned<RemoveMeetingInput>): Promise<UndoResult> => {
    const { keys, organization, auditionId } = input;
    const context = createAttemptContext(input);
    // Before the removal, so that the synchronisation does not report it as a deletion by a person.
    if (isAuditionOwner(auditionId)) await writtenEvents.forget(auditionId, keys);
    return undoEach(keys, async (key) => ({
      ledger,
      operation: { key, organization, provider, operation: 'meetings.create', call: put.name },
      context,
      steps: {
        find: async () => [auditionId],
        remove: async (_id, call) => {
          const calendar = await recordedCalendar(key);
          // A move has no effect of its own.
          return calendar ? removeFrom(input, calendar, key, call) : 'absent';
        },
      },
    }));
  };

  /** `account` is absent where no account was asked. */
  const look = async (
    { organization, auditionId, meeting }: Owned<MeetingOfAudition>,
    startCall: () => CallContext,
  ): Promise<MeetingPresence & { readonly account?: ConnectedAccount }> => {
    const created = await presentMeeting(auditionId);
    if (!created) return { status: 'absent' };
    // Without this call, the vendor cannot tell: the meeting counts as present.
    if (!vendorCalendar.checkConference) return { status: 'present' };
    const { calendarId } = created.calendar;
    const account = await openConnectionById(
      opening,
      organization,
      created.calendar,
      'calendar.checkConference',
    );
    const found = await vendorCalendar.checkConference(
      account,
      { calendarId, eventId: eventIdFor(auditionId), reference: auditionId, id: meeting.id },
      startCall(),
    );
    return { ...found, account };
  };

  return {
    look: async (input, call) => (await look(input, () => call)).status,
    check: async (input) => {
      const call = createAttemptContext(input).startCall();
      const { account, ...found } = await look(input, () => call);
      if (found.status === 'absent' || !account) return { status: found.status };
      const host = { kind: 'connected', connection: account } as const;
      const consented = { events, recordings: recordings[name] };
      const access = changedAccess(input.meeting, found.access);
      return {
        status: 'present',
        notHonored: await applyConsent(consented, input, host, call),
        ...(access && { access }),
      };
    },
    ...(vendorCalendar.conferenceAttendance && {
      attendance: async (input) => {
        const created = await presentMeeting(input.auditionId);
        if (!created) return undefined;
        const account = await openConnectionById(
          opening,
          input.organization,
          created.calendar,
          'calendar.conferenceAttendance',
        );
        const call = createAttemptContext(input).startCall();
        return vendorCalendar.conferenceAttendance?.(account, { id: input.meeting.id }, call);
      },
    }),
    create,

    move: async (input) => {
      const created = await presentMeeting(input.auditionId);
      if (!created) return createOnce(input);
      if (isAuditionOwner(input.auditionId)) return moveOnce(input, created);
      // Another conference is another room of the session, and the key is that of its creation. The event is then used under
      // this key, so that the removal of the former room, whose key was that of the use, leaves it.
      const moved = await moveOnce({ ...input, key: `${input.key}:move` }, created);
      return moved.id === input.meeting.id ? moved : createOnce(input);
    },

    remove: removeOnce,
  };
};

/** A step that has created a meeting, and in which calendar. */
interface Creation {
  readonly key: string;
  readonly calendar: WritableCalendarRef;
}

const isSameCalendar = (one: WritableCalendarRef, other: WritableCalendarRef): boolean =>
  one.connection === other.connection && one.calendarId === other.calendarId;
