/**
 * Step 1: finds and holds the slot. One activity reads the calendars, chooses the slot and claims it. Calendars that it
 * cannot read are read alone, with retries and an operator.
 */
import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import {
  type CalendarActivities,
  type ClaimSlotResult,
  type InternalActivities,
  type TaskQueue,
  workflowTaskQueue,
} from '../../../activities/contract.ts';
import type { CalendarRef, Participant } from '../../../domain/audition/request.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../../domain/audition/slot.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { CalendarProviderName } from '../../../domain/providers/vendors.ts';
import { queueOfCalendar } from '../../task-queues.ts';
import { activityOptions, claimOptions } from '../activity-options.ts';
import { calendarsByProvider, calendarsOf, type OwnedCalendar } from '../calendars.ts';
import { releaseOtherClaims } from '../change.ts';
import { Aborted } from '../ending.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';

/** A claimed slot. `number` is that of the claim. */
export type Claimed = Exclude<ClaimSlotResult, { kind: 'unreadable' }> & { readonly number: number };

interface ClaimOptions {
  /** Whether this is the first slot of the audition. The activity then appends the fact `slot_held`. */
  readonly isFirst?: boolean | undefined;
  /** Returns whether the slot is no longer wanted. Questions to an operator are then withdrawn. */
  readonly isMoot?: (() => boolean) | undefined;
  /** Default: the participants of the audition. */
  readonly participants?: readonly Participant[] | undefined;
}

/**
 * Claims the slot for all participants, their calendars and the room, or for none. Waits for an operator when a
 * calendar cannot be read.
 * @throws Aborted when an operator aborts
 */
export const claimSlot = async (
  run: AuditionRun,
  wish: SlotSpec,
  { isFirst = false, isMoot, participants = run.plan.participants }: ClaimOptions = {},
): Promise<Claimed> => {
  const [first, ...others] = calendarsByProvider(calendarsOf(participants));
  let busy = (
    await Promise.all(others.flatMap(({ calendars }) => readAll(run, calendars, wish, isMoot)))
  ).flat();
  let calendars = first ? refsOf(first.calendars) : [];
  for (;;) {
    const number = run.claims.last + 1;
    run.claims = { ...run.claims, last: number };
    const result = await callClaim(run, {
      wish,
      calendars,
      busy,
      number,
      isFirst,
      participants,
      provider: first?.provider,
    });
    if (result.kind !== 'unreadable') return { ...result, number };
    const { failures } = result;
    const unreadable = calendars.filter(({ connection }) =>
      failures.some((failed) => failed.connection === connection),
    );
    const read = await Promise.all(
      byConnection(unreadable).map((group) => readAlone(run, group, wish, isMoot)),
    );
    busy = [...result.busy, ...read.flat()];
    calendars = [];
  }
};

/**
 * Claims the slot for a change of an audition. Returns a refusal when no slot can be held, or when an operator aborts:
 * the audition then stays as it is, and every claim of the change is released.
 */
export const claimForChange = async (
  run: AuditionRun,
  wish: SlotSpec,
  options: Omit<ClaimOptions, 'isFirst'> = {},
): Promise<Extract<Claimed, { kind: 'held' }> | Refusal> => {
  const { last } = run.claims;
  const refusal = await claimOrRefusal(run, wish, options);
  if (!(refusal instanceof Refusal)) return refusal;
  // A claim whose calendars could not be read holds its slot. One that was refused at the first attempt holds none.
  const mayHold = refusal.code === 'move_aborted' || run.claims.last > last + 1;
  if (mayHold) await releaseOtherClaims(run);
  return refusal;
};

const claimOrRefusal = async (
  run: AuditionRun,
  wish: SlotSpec,
  options: Omit<ClaimOptions, 'isFirst'>,
): Promise<Extract<Claimed, { kind: 'held' }> | Refusal> => {
  try {
    const claimed = await claimSlot(run, wish, options);
    return claimed.kind === 'held' ? claimed : slotRefused(claimed);
  } catch (error) {
    if (error instanceof Aborted) return changeAborted();
    throw error;
  }
};

const slotRefused = ({ reason, message }: Extract<Claimed, { kind: 'refused' }>): Refusal =>
  reason === 'in_the_past'
    ? new Refusal('slot_in_the_past', message, 'Choose a slot in the future.')
    : reason === 'nothing_free'
      ? new Refusal('nothing_free', message, 'Choose another window; POST /v1/availability lists free slots.')
      : new Refusal('slot_taken', message, 'Choose another slot; POST /v1/availability lists free ones.');

const changeAborted = (): Refusal =>
  new Refusal(
    'move_aborted',
    'An operator aborted the change.',
    'The audition stays as it is. Ask the operator for the reason, or send another request.',
  );

interface ClaimCall {
  readonly wish: SlotSpec;
  readonly calendars: readonly CalendarRef[];
  readonly busy: readonly BusyInterval[];
  readonly number: number;
  readonly isFirst: boolean;
  readonly participants: readonly Participant[];
  readonly provider: CalendarProviderName | undefined;
}

/** The first claim appends its fact itself. A cancellation waits for it, so that the two facts keep their order. */
const callClaim = async (
  run: AuditionRun,
  { wish, calendars, busy, number, isFirst, participants, provider }: ClaimCall,
): Promise<ClaimSlotResult> => {
  const queue: TaskQueue = provider && calendars.length > 0 ? queueOfCalendar(provider) : workflowTaskQueue;
  const { reminders } = run.plan;
  const activities = proxyActivities<InternalActivities>(claimOptions(run, queue));
  const claim = (heldAs?: number) =>
    run.call((call) =>
      activities.claimSlot({
        ...call,
        wish,
        claim: number,
        participants,
        calendars,
        busy,
        reminders,
        ...(heldAs === undefined ? {} : { heldAs }),
      }),
    );
  if (!isFirst) return claim();
  run.isClaiming = true;
  const heldAs = run.journal.reserveNumber();
  try {
    return await CancellationScope.nonCancellable(() => claim(heldAs));
  } finally {
    run.isClaiming = false;
  }
};

const readAll = (
  run: AuditionRun,
  calendars: readonly OwnedCalendar[],
  wish: SlotSpec,
  isMoot: (() => boolean) | undefined,
): readonly Promise<readonly BusyInterval[]>[] =>
  byConnection(refsOf(calendars)).map((group) => readAlone(run, group, wish, isMoot));

/** Returns the busy times of the calendars of one connection. */
const readAlone = async (
  run: AuditionRun,
  [first, ...rest]: readonly [CalendarRef, ...CalendarRef[]],
  wish: SlotSpec,
  isMoot: (() => boolean) | undefined,
): Promise<readonly BusyInterval[]> => {
  const { provider, connection } = first;
  const activities = proxyActivities<CalendarActivities>(
    activityOptions(run, {
      queue: queueOfCalendar(provider),
      summary: `Free/busy of ${provider} ${connection}`,
      isUrgent: true,
    }),
  );
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'conflict_check',
      purpose: `read the calendars of connection ${connection}`,
      hint: 'Retry when the calendar works again, skip to continue without this check, or abort.',
      actions: ['retry', 'skip', 'abort'],
      isMoot,
      onAsked: () => {
        run.firstResult ??= { kind: 'needs_attention' };
      },
    },
    () =>
      run.call((call) =>
        activities.findBusy({
          ...call,
          provider,
          connection,
          calendarIds: [first, ...rest].map(({ calendarId }) => calendarId),
          window: windowOf(wish),
        }),
      ),
  );
  return outcome.kind === 'done' ? outcome.result : [];
};

const windowOf = (wish: SlotSpec): { from: Slot['start']; until: Slot['end'] } =>
  wish.kind === 'fixed'
    ? { from: wish.slot.start, until: wish.slot.end }
    : { from: wish.earliest, until: wish.latest };

const refsOf = (calendars: readonly OwnedCalendar[]): readonly CalendarRef[] =>
  calendars.map(({ calendar }) => calendar);

const byConnection = (calendars: readonly CalendarRef[]): readonly [CalendarRef, ...CalendarRef[]][] => {
  const groups = new Map<CalendarRef['connection'], [CalendarRef, ...CalendarRef[]]>();
  for (const calendar of calendars) {
    const group = groups.get(calendar.connection);
    if (group) group.push(calendar);
    else groups.set(calendar.connection, [calendar]);
  }
  return [...groups.values()];
};
