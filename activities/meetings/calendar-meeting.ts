/**
 * Creates meetings as conferences of calendar events, in the organization's calendar. When that calendar also belongs
 * to a participant, the meeting step and the calendar step write the same event (see `eventIdFor`), which keeps the
 * conference.
 */
import { z } from 'zod';
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { type CalendarMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import { type CallOperation, operationOf } from '../../providers/operations.ts';
import type { CallContext } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type {
  CreateMeetingInput,
  MeetingActivities,
  MoveMeetingInput,
  RemoveMeetingInput,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoOnce } from '../effects/undo-once.ts';

/**
 * Creates the meeting activities of a calendar provider. The calendar deduplicates by the event id and the request id
 * of the conference, so no attempt has to search for earlier effects.
 */
export const createCalendarMeetingActivities = (
  {
    repositories: { ledger, organizations, connections },
    providers: { calendars },
    accessTokens,
  }: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>,
  name: CalendarMeetingName,
): MeetingActivities => {
  const provider = meetingVendors[name].vendor;
  const calendar = calendars[provider];
  const opening = { connections, accessTokens };
  const put = operationOf(provider, 'calendar.putConference');
  const remove = operationOf(provider, 'calendar.deleteEvent');
  /** @throws {ProviderError} `reconnect` when the organization has not chosen a calendar for meetings. */
  const meetCalendarOf = async (id: OrganizationId, { name: operation }: CallOperation) => {
    const organization = await organizations.get(id);
    if (organization?.meetCalendar) return organization.meetCalendar;
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

  const putMeeting = async (
    input: Omit<CreateMeetingInput, 'hasFallback'>,
    call: CallContext,
  ): Promise<Meeting> => {
    const { organization, auditionId, slot, revision, topic } = input;
    const { connection, calendarId } = await meetCalendarOf(organization, put);
    const eventId = eventIdFor(auditionId, { connection, calendarId });
    const conference = await calendar.putConference(
      await openConnectionById(opening, organization, { provider, connection }, put.name),
      { calendarId, eventId, topic, slot, revision, requestId: eventId },
      call,
    );
    return { provider: name, ...conference };
  };

  const removeEventOf = async (
    { organization, auditionId }: Pick<RemoveMeetingInput, 'organization' | 'auditionId'>,
    call: CallContext,
  ) => {
    const { connection, calendarId } = await meetCalendarOf(organization, remove);
    const opened = await openConnectionById(opening, organization, { provider, connection }, remove.name);
    return calendar.deleteEvent(opened, calendarId, eventIdFor(auditionId, { connection, calendarId }), call);
  };

  return {
    createMeeting: (input: CreateMeetingInput) => {
      const { key, organization, auditionId, slot } = input;
      return effectOnce(
        ledger,
        {
          key,
          organization,
          provider,
          operation: 'meetings.create',
          call: put.name,
          request: { auditionId, slot },
        },
        createAttemptContext(input),
        {
          kind: 'idempotent',
          result: meetingSchema,
          // Every attempt writes the same event of this audition, whatever its conference, and a removal removes it.
          providerId: () => auditionId,
          perform: (call) => putMeeting(input, call),
          removeEffect: (_meeting, call) => removeEventOf(input, call),
        },
      );
    },

    moveMeeting: async (input: MoveMeetingInput) => {
      const { key, organization, slot, meeting } = input;
      await effectOnce(
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
          result: z.null(),
          providerId: () => meeting.id,
          perform: async (call) => {
            await putMeeting(input, call);
            return null;
          },
        },
      );
    },

    removeMeeting: (input: RemoveMeetingInput) => {
      const { key, organization, auditionId } = input;
      return undoOnce(
        ledger,
        { key, organization, provider, operation: 'meetings.create', call: put.name },
        createAttemptContext(input),
        { find: async () => [auditionId], remove: (_id, call) => removeEventOf(input, call) },
      );
    },
  };
};
