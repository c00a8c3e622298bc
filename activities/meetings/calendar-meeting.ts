/**
 * Creates meetings as conferences of calendar events, in the organization's calendar. When that calendar also belongs
 * to a participant, the meeting step and the calendar step write the same event. Each marks its own use of it: the end of
 * the meeting, however late, takes the conference from the event and deletes the event only when no other use of it is left.
 */
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { type CalendarMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import { type CallOperation, operationOf } from '../../providers/operations.ts';
import type { CallContext } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { CreateMeetingInput, MoveMeetingInput, RemoveMeetingInput, UndoResult } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { conferenceRequestId, eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';
import type { MeetingSteps } from './meeting-steps.ts';

/**
 * Creates the meeting steps of a calendar provider. The calendar deduplicates by the event id and the request id of the
 * conference, so no attempt has to search for earlier effects.
 *
 * The calendar is looked up in the organization's settings when the meeting is created, and recorded with the effect.
 * Moves and removals use the recorded one, because settings change in between.
 */
export const createCalendarMeetingSteps = (
  {
    repositories: { ledger, organizations, connections },
    providers: { calendars },
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
  const creations = async (auditionId: AuditionId): Promise<readonly Creation[]> => {
    const effects = await ledger.standingEffects(auditionId);
    return effects.flatMap(({ key, target }) =>
      target.kind === 'meeting' && target.provider === name && target.calendar
        ? [{ key, calendar: target.calendar }]
        : [],
    );
  };

  const presentMeeting = async (auditionId: AuditionId): Promise<Creation | undefined> =>
    (await creations(auditionId)).at(-1);

  /** @param useKey the key of the step that uses the event, and that removes it. */
  const putMeeting = async (
    input: Omit<CreateMeetingInput, 'hasFallback'>,
    calendar: WritableCalendarRef,
    useKey: string,
    call: CallContext,
  ): Promise<Meeting> => {
    const { organization, auditionId, key, slot, revision, topic, settings = {} } = input;
    const { id, joinUrl, dialIn, notHonored } = await vendorCalendar.putConference(
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
      },
      call,
    );
    const phone = dialIn === undefined ? {} : { dialIn };
    return {
      provider: name,
      id,
      joinUrl,
      ...phone,
      ...(notHonored.length > 0 ? { notHonored: [...notHonored] } : {}),
    };
  };

  const removeFrom = async (
    { organization, auditionId }: Pick<RemoveMeetingInput, 'organization' | 'auditionId'>,
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
  const create = async (input: Omit<CreateMeetingInput, 'hasFallback'>): Promise<Meeting> => {
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

  const createOnce = async (input: Omit<CreateMeetingInput, 'hasFallback'>): Promise<Meeting> => {
    const { key, organization, auditionId, slot } = input;
    const chosen = await chosenCalendar(organization, put);
    const calendarOfAttempts = async () => (await recordedCalendar(key)) ?? chosen;
    return effectOnce(
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
      createAttemptContext(input),
      {
        kind: 'idempotent',
        result: meetingSchema,
        // Every attempt writes the same event of this audition, whatever its conference, and a removal removes it.
        providerId: () => auditionId,
        perform: async (call) => putMeeting(input, await calendarOfAttempts(), key, call),
        removeEffect: async (_meeting, call) => removeFrom(input, await calendarOfAttempts(), key, call),
      },
    );
  };

  /**
   * Moves the meeting where it was created. Writes the event again, with another conference, when it was deleted; the
   * step that created the meeting keeps the use of the event and removes it.
   */
  const moveOnce = (input: MoveMeetingInput, created: Creation): Promise<Meeting> => {
    const { key, organization, auditionId, slot, meeting } = input;
    return effectOnce(
      ledger,
      {
        key,
        organization,
        provider,
        operation: 'meetings.move',
        call: put.name,
        request: { meeting: meeting.id, slot },
      },
      createAttemptContext(input),
      {
        kind: 'idempotent',
        result: meetingSchema,
        providerId: () => auditionId,
        perform: (call) => putMeeting(input, created.calendar, created.key, call),
      },
    );
  };

  const removeOnce = (input: RemoveMeetingInput): Promise<UndoResult> => {
    const { keys, organization } = input;
    const context = createAttemptContext(input);
    return undoEach(keys, async (key) => ({
      ledger,
      operation: { key, organization, provider, operation: 'meetings.create', call: put.name },
      context,
      steps: {
        find: async () => [input.auditionId],
        remove: async (_id, call) => {
          const calendar = await recordedCalendar(key);
          // A move has no effect of its own.
          return calendar ? removeFrom(input, calendar, key, call) : 'absent';
        },
      },
    }));
  };

  return {
    check: async (input) => {
      const created = await presentMeeting(input.auditionId);
      if (!created) return 'absent';
      // Without this call, the vendor cannot tell: the meeting counts as present.
      if (!vendorCalendar.checkConference) return 'present';
      const { organization, auditionId, meeting } = input;
      const { calendarId } = created.calendar;
      const account = await openConnectionById(
        opening,
        organization,
        created.calendar,
        'calendar.checkConference',
      );
      return vendorCalendar.checkConference(
        account,
        { calendarId, eventId: eventIdFor(auditionId), reference: auditionId, id: meeting.id },
        createAttemptContext(input).startCall(),
      );
    },
    ...(vendorCalendar.conferenceAttendance && {
      attendance: async (input) => {
        const created = await presentMeeting(input.auditionId);
        if (!created) return [];
        const account = await openConnectionById(
          opening,
          input.organization,
          created.calendar,
          'calendar.conferenceAttendance',
        );
        const call = createAttemptContext(input).startCall();
        return (await vendorCalendar.conferenceAttendance?.(account, { id: input.meeting.id }, call)) ?? [];
      },
    }),
    create,

    move: async (input) => {
      const created = await presentMeeting(input.auditionId);
      return created ? moveOnce(input, created) : createOnce(input);
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
