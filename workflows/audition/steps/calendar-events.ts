/** Step 3: writes the event to every connected calendar that can be written, several calendars of one provider in one activity. */

import { isCancellation, patched, proxyActivities } from '@temporalio/workflow';
import {
  type CalendarActivities,
  type EventContent,
  largestEventGroup,
  type WriteEventsInput,
  type WriteEventsResult,
} from '../../../activities/contract.ts';
import { isSameCalendar } from '../../../domain/audition/same-calendar.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { writtenFactOf } from '../../../domain/audition/written-event.ts';
import type { WritableCalendarName } from '../../../domain/providers/vendors.ts';
import { queueOfCalendar } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import {
  calendarsByProvider,
  inConnectionChunks,
  type OwnedWritableCalendar,
  writableCalendarsOf,
} from '../calendars.ts';
import { eventSkipped, eventWritten } from '../email-entries.ts';
import type { DraftFact } from '../journal.ts';
import { labelText } from '../label.ts';
import { retryUntilResolved, type SkippedEvent } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure } from '../step-failures.ts';

/** The slot and its revision, which the events state. */
export interface SlotRevision {
  readonly slot: Slot;
  readonly revision: number;
}

/** What is recorded when every event is written, or was skipped by an operator. */
export interface Completion {
  readonly draft: DraftFact;
  /** The claims that are no longer needed. */
  readonly releaseHolds?: { readonly through: number; readonly keep: number } | undefined;
}

export interface WriteOptions {
  readonly completion?: Completion | undefined;
  /** The calendars to write to. Default: all calendars of the audition that can be written. */
  readonly only?: readonly OwnedWritableCalendar[] | undefined;
  /** Distinguishes this writing from others in idempotency keys. Default: the revision. */
  readonly label?: string | undefined;
  /** Returns whether an event is no longer needed. The question to an operator is then withdrawn. */
  readonly isMoot?: ((event: Pick<Event, 'participant' | 'calendar'>) => boolean) | undefined;
  /** Whether no change waits for these events. */
  readonly isBackground?: boolean | undefined;
}

/**
 * Writes the events for this revision of the slot: creates them at first, moves the same events later. Records the
 * completion, in the activity that writes the last events if that is possible.
 */
export const writeCalendarEvents = async (
  run: AuditionRun,
  at: SlotRevision,
  {
    completion,
    only,
    label = labelText({ kind: 'slot', revision: at.revision }),
    isMoot,
    isBackground,
  }: WriteOptions = {},
): Promise<void> => {
  const groups = calendarsByProvider(only ?? writableCalendarsOf(run)).flatMap(({ provider, calendars }) =>
    inConnectionChunks(calendars, largestEventGroup).map((chunk) => ({ provider, calendars: chunk })),
  );
  const last = groups.length === 1 ? completion : undefined;
  const areRecorded = await Promise.all(
    groups.map(({ provider, calendars }) =>
      writeGroup(run, provider, eventsOf(run, calendars, label), {
        ...at,
        completion: last,
        isMoot,
        isBackground,
      }),
    ),
  );
  if (!completion || areRecorded.includes(true)) return;
  if (run.ending) return;
  run.journal.recordDraft(completion.draft);
  const { releaseHolds } = completion;
  await run.journal.flush(releaseHolds ? { releaseHolds } : undefined);
};

/** Writes a chunk of the events of one provider. Returns whether the completion was recorded. */
const writeGroup = async (
  run: AuditionRun,
  provider: WritableCalendarName,
  events: readonly Event[],
  {
    slot,
    revision,
    completion,
    ...question
  }: SlotRevision & Pick<WriteOptions, 'completion' | 'isMoot' | 'isBackground'>,
): Promise<boolean> => {
  for (const event of events) registerRemoval(run, event);
  const content = contentOf(run, slot, revision);
  const { releaseHolds } = completion ?? {};
  const result = await tryWriting(run, provider, {
    events,
    content,
    ...(completion ? { whenAllWritten: { facts: [completion.draft], releaseHolds } } : {}),
  });
  const written = events.flatMap((event) => {
    const eventId = result.written.find(({ key }) => key === event.key)?.eventId;
    return eventId === undefined ? [] : [{ event, eventId }];
  });
  run.journal.applied(written.map(({ event, eventId }) => writtenFactOf(event, eventId)));
  for (const { event } of written) {
    keepOnlyRemovalOf(run, event);
    eventWritten(run, event.calendar);
  }
  const isRecorded = completion !== undefined && result.recorded.includes(completion.draft.fact.type);
  if (isRecorded && !run.ending) run.journal.applied([completion.draft.fact]);
  const failed = events.filter(({ key }) => result.failed.some((other) => other.key === key));
  await Promise.all(failed.map((event) => writeAlone(run, event, { slot, revision, ...question })));
  return isRecorded;
};

type Event = WriteEventsInput['events'][number];

const eventsOf = (
  run: AuditionRun,
  calendars: readonly OwnedWritableCalendar[],
  label: string,
): readonly Event[] =>
  calendars.map(({ owner, calendar }) => ({
    key: run.idempotencyKeyOf(`calendar-event:${owner}:${label}`),
    participant: owner,
    calendar,
    ...sharersOf(run, { owner, calendar }),
  }));

/** Names the other owners of the calendar, if another participant has a calendar of its connection. */
const sharersOf = (
  { plan }: Pick<AuditionRun, 'plan'>,
  { owner, calendar }: OwnedWritableCalendar,
): Pick<Event, 'sharedBy'> => {
  const others = plan.participants.filter(
    (other) => other.id !== owner && other.calendar?.connection === calendar.connection,
  );
  const sharers = others.filter((other) => other.calendar && isSameCalendar(other.calendar, calendar));
  return others.length > 0 ? { sharedBy: sharers.map(({ id }) => id) } : {};
};

/** In earlier versions, the trail named one owner of the calendar. */
const sharersPatch = 'skipped-event-names-all-owners';

/** Returns what the trail remembers of a skipped event: all for whom it is not in the calendar. */
const skippedEventOf = (run: AuditionRun, { participant, calendar }: Event): SkippedEvent => {
  const { sharedBy = [] } = sharersOf(run, { owner: participant, calendar });
  return {
    participant,
    connection: calendar.connection,
    ...(sharedBy.length > 0 && patched(sharersPatch) ? { sharedBy: [...sharedBy] } : {}),
  };
};

/** Returns the result of the group. When the group itself fails, each event counts as not written. */
const tryWriting = async (
  run: AuditionRun,
  provider: WritableCalendarName,
  input: Pick<WriteEventsInput, 'events' | 'content' | 'whenAllWritten'>,
): Promise<WriteEventsResult> => {
  const activities = proxyActivities<CalendarActivities>(
    activityOptions(run, {
      queue: queueOfCalendar(provider),
      summary: `Write ${input.events.length} events to ${provider}`,
      isSingleAttempt: true,
    }),
  );
  try {
    return await run.call((call) => activities.writeEvents({ ...call, ...input }));
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    const failed = input.events.map(({ key }) => ({ key, failure: { code: 'unexpected' } }));
    return { written: [], failed, recorded: [] };
  }
};

const writeAlone = async (
  run: AuditionRun,
  event: Event,
  { slot, revision, isMoot, isBackground }: SlotRevision & Pick<WriteOptions, 'isMoot' | 'isBackground'>,
): Promise<void> => {
  const { provider, connection } = event.calendar;
  const activities = proxyActivities<CalendarActivities>(
    activityOptions(run, {
      queue: queueOfCalendar(provider),
      summary: `Write the event to ${provider} ${connection}`,
    }),
  );
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'calendar_event',
      purpose: `write the event to the calendar of connection ${connection}`,
      hint: 'Retry when the calendar works again or is reconnected, skip to continue without this event, or abort.',
      actions: ['retry', 'skip', 'abort'],
      event: () => skippedEventOf(run, event),
      isMoot: isMoot && (() => isMoot(event)),
      isBackground,
    },
    () =>
      run.call((call) =>
        activities.writeEvent({ ...call, ...event, content: contentOf(run, slot, revision) }),
      ),
  );
  if (outcome.kind === 'skipped' && !isMoot?.(event)) eventSkipped(run, event.calendar);
  if (outcome.kind !== 'done' || run.ending) return;
  run.journal.record(writtenFactOf(event, outcome.result.eventId), { key: event.key });
  keepOnlyRemovalOf(run, event);
  eventWritten(run, event.calendar);
};

interface ContentSource extends Pick<AuditionRun, 'plan'> {
  readonly journal: { readonly view: Pick<AuditionRun['journal']['view'], 'meeting'> };
}

/** Returns the content of the events, which is the same in each calendar. */
export const contentOf = ({ plan, journal }: ContentSource, slot: Slot, revision: number): EventContent => {
  const { meeting } = journal.view;
  const { calendarReminders } = plan.policy;
  const joinUrl = plan.joinLinks ? undefined : meeting?.joinUrl;
  return {
    slot,
    revision,
    summary: `Audition: ${plan.role.name}, ${plan.project.title}`,
    description: [joinUrl, plan.notes].filter(Boolean).join('\n\n'),
    location: slot.room ?? joinUrl,
    ...(plan.joinLinks && meeting ? { joinLink: true as const } : {}),
    ...(calendarReminders && calendarReminders !== 'calendar_default'
      ? { reminders: calendarReminders }
      : {}),
  };
};

/** Returns the id of the compensation that removes the participant's event. */
export const removalId = ({ participant }: Pick<Event, 'participant'>): string =>
  `calendar-event:${participant}`;

/** All revisions write one event, so one compensation removes it. It blocks every attempt that may still be running. */
const registerRemoval = ({ saga }: AuditionRun, event: Event): void => {
  const id = removalId(event);
  const before = saga.pending.find((entry) => entry.id === id);
  const keys = before?.kind === 'remove_event' ? before.keys.filter((key) => key !== event.key) : [];
  saga.register({
    id,
    stage: 'calendar_events',
    kind: 'remove_event',
    keys: [...keys, event.key],
    calendar: event.calendar,
  });
};

/** Attempts under earlier keys ended before this one began. A later move can have begun in the meantime. */
const keepOnlyRemovalOf = ({ saga }: AuditionRun, event: Event): void => {
  const before = saga.pending.find(({ id }) => id === removalId(event));
  if (before?.kind !== 'remove_event' || !before.keys.includes(event.key)) return;
  saga.register({ ...before, keys: before.keys.slice(before.keys.indexOf(event.key)) });
};
