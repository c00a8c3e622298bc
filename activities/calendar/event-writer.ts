/** Writes and removes the event of an audition in one calendar. */
import { z } from 'zod';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { calendarNames } from '../../providers/calendar-names.ts';
import type { CallContext } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { RemoveEventInput, UndoResult, WriteEventInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type AttemptContext, createAttemptContext } from '../effects/attempt.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';

const writtenSchema = z.object({ eventId: z.string() });
type WrittenEvent = z.infer<typeof writtenSchema>;

export interface EventWriter {
  /** Creates or moves the event for one participant. Idempotent by key. */
  write(input: Omit<WriteEventInput, 'trail'>, context: AttemptContext): Promise<WrittenEvent>;
  /** Removes the event, unless another participant or the meeting uses it. */
  remove(input: RemoveEventInput): Promise<UndoResult>;
}

/**
 * Creates the writer. The calendar deduplicates by our event id: a repeated write leaves one event, and a repeated
 * deletion has no further effect. No attempt has to search for earlier effects. The ledger stores the result, and blocks
 * later writes after the event was removed.
 */
export const createEventWriter = ({
  repositories: { connections, ledger, writtenEvents },
  providers: { calendars, calendarChanges },
  accessTokens,
}: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>): EventWriter => {
  const open = (organization: OrganizationId, calendar: WritableCalendarRef, purpose: string) =>
    openConnectionById({ connections, accessTokens }, organization, calendar, purpose);

  const deleteFrom = async (
    { organization, auditionId }: { readonly organization: OrganizationId; readonly auditionId: AuditionId },
    calendar: WritableCalendarRef,
    key: string,
    call: CallContext,
  ) =>
    calendars[calendar.provider].deleteEvent(
      await open(organization, calendar, 'calendar.deleteEvent'),
      {
        calendarId: calendar.calendarId,
        eventId: eventIdFor(auditionId),
        reference: auditionId,
        keys: [key],
      },
      call,
    );

  /** The synchronisation compares the calendar with this record. Costs the audition no activity. */
  const recordWritten = async (
    { organization, auditionId, key, participant, calendar, content }: Omit<WriteEventInput, 'trail'>,
    { eventId }: WrittenEvent,
    call: CallContext,
  ): Promise<void> => {
    const { provider, connection: id, calendarId } = calendar;
    if (!calendarChanges[provider]) return;
    const connection = (await connections.get(organization, id)) ?? { id, account: undefined };
    const openForName = () => open(organization, calendar, 'calendar.listEvents');
    // The name of the hold: it tells whether the calendar is in use.
    const names = await calendarNames(calendars[provider], connection, calendarId, openForName, call);
    await writtenEvents.record({
      organization,
      connection: id,
      provider,
      calendarName: names[0],
      calendarId,
      eventId,
      auditionId,
      participant,
      key,
      slot: content.slot,
      revision: content.revision,
    });
  };

  return {
    write: async (input, context) => {
      const { organization, auditionId, key, participant, calendar, content } = input;
      const { slot, revision } = content;
      const { provider, connection, calendarId } = calendar;
      const eventId = eventIdFor(auditionId);
      const written = await effectOnce(
        ledger,
        {
          key,
          organization,
          provider,
          operation: 'calendar.putEvent',
          request: { eventId, calendar: { provider, connection, calendarId }, slot, revision },
          auditionId,
          target: { kind: 'calendar_event', participant, calendar },
        },
        context,
        {
          kind: 'idempotent',
          result: writtenSchema,
          // Our id and not the calendar's: every attempt writes, and a removal removes, the event with our id.
          providerId: () => eventId,
          perform: async (call) => {
            const account = await open(organization, calendar, 'calendar.putEvent');
            const event = {
              ...content,
              calendarId,
              eventId,
              reference: auditionId,
              use: { name: participant, key },
            };
            const put = await calendars[provider].putEvent(account, event, call);
            return { eventId: put.eventId };
          },
          removeEffect: (_written, call) => deleteFrom(input, calendar, key, call),
        },
      );
      await recordWritten(input, written, context.startCall());
      return written;
    },

    remove: async (input) => {
      const { organization, auditionId, keys, calendar } = input;
      const standing = await ledger.standingEffects(auditionId);
      const context = createAttemptContext(input);
      const all = [...earlierKeys(standing, keys), ...keys];
      // Before the removal, so that the synchronisation does not report it as a deletion by a person.
      await writtenEvents.forget(auditionId, all);
      return undoEach(all, async (key) => {
        const target = standing.find((effect) => effect.key === key)?.target;
        const written = target?.kind === 'calendar_event' ? target.calendar : calendar;
        return {
          ledger,
          operation: { key, organization, provider: written.provider, operation: 'calendar.putEvent' },
          context,
          steps: {
            find: async () => [eventIdFor(auditionId)],
            remove: (_eventId, call) => deleteFrom(input, written, key, call),
          },
        };
      });
    },
  };
};

/**
 * Returns the steps that have written the events of the same participants before. Their events were moved by the steps
 * with these keys, or are in a calendar that the participant had before.
 */
const earlierKeys = (standing: readonly StandingEffect[], keys: readonly string[]): readonly string[] => {
  const last = standing.findLastIndex(({ key }) => keys.includes(key));
  const participants = new Set(
    standing.flatMap(({ key, target }) =>
      target.kind === 'calendar_event' && keys.includes(key) ? [target.participant] : [],
    ),
  );
  return standing
    .slice(0, Math.max(last, 0))
    .flatMap(({ key, target }) =>
      target.kind === 'calendar_event' && participants.has(target.participant) && !keys.includes(key)
        ? [key]
        : [],
    );
};
