/**
 * Step 1: finds and holds the slot. One activity reads the calendars, chooses the slot and claims it. Calendars that it
 * cannot read are read alone, with retries and an operator.
 */
import { CancellationScope, proxyActivities, sleep } from '@temporalio/workflow';
import {
  type CalendarActivities,
  type CalendarToRead,
  type ClaimSlotResult,
  type InternalActivities,
  type TaskQueue,
  workflowTaskQueue,
} from '../../../activities/contract.ts';
import {
  type ConflictHandling,
  type ConflictRules,
  readingWindow,
  rulesFor,
} from '../../../domain/audition/conflict-rules.ts';
import type { AuditionPlan } from '../../../domain/audition/plan.ts';
import { roomCalendarOf } from '../../../domain/audition/rooms.ts';
import type { BusyInterval, SlotSpec } from '../../../domain/audition/slot.ts';
import type { Blocker } from '../../../domain/audition/slot-conflict.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { CalendarProviderName } from '../../../domain/providers/vendors.ts';
import { second } from '../../../domain/time/units.ts';
import { queueOfCalendar } from '../../task-queues.ts';
import { activityOptions, claimOptions } from '../activity-options.ts';
import { busyOnlyCalendarsOf, calendarsOf } from '../calendars.ts';
import { releaseOtherClaims } from '../change.ts';
import { Aborted } from '../ending.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';

/** A claimed slot. `number` is that of the claim. */
export type Claimed = Exclude<ClaimSlotResult, { kind: 'unreadable' }> & { readonly number: number };

interface ClaimOptions {
  /** Whether this is the first slot of the audition. The activity then appends the fact `slot_held`. */
  readonly isFirst?: boolean | undefined;
  /** The plan whose participants the slot is claimed for. Default: that of the run. */
  readonly plan?: AuditionPlan | undefined;
  /** Returns whether the slot is no longer wanted. Questions to an operator are then withdrawn. */
  readonly isMoot?: (() => boolean) | undefined;
  /** Conflicts that were overridden when the same slot was booked. They do not block it. */
  readonly accepted?: readonly Blocker[] | undefined;
  /** What happens when the slot is not free. By default it is refused. */
  readonly handling?: ConflictHandling | undefined;
}

/**
 * Claims the slot for all participants, their calendars and the room, or for none. Waits for an operator when a
 * calendar cannot be read. Leaves no other slot held than that of the result and the present one.
 * @throws Aborted when an operator aborts
 */
export const claimSlot = async (
  run: AuditionRun,
  wish: SlotSpec,
  { isFirst = false, plan = run.plan, isMoot, accepted, handling = { policy: 'refuse' } }: ClaimOptions = {},
): Promise<Claimed> => {
  const before = run.claims.last;
  const rules = rulesFor(plan.conflicts, handling);
  try {
    const claimed = await claimOnceFree(run, wish, { isFirst, plan, isMoot, accepted, rules });
    if (claimed.kind === 'refused' && !isFirst && claimed.number > before + 1) await releaseOtherClaims(run);
    return claimed;
  } catch (error) {
    if (error instanceof Aborted && !isFirst) await releaseOtherClaims(run);
    throw error;
  }
};

type ClaimWork = Pick<ClaimOptions, 'isMoot' | 'accepted'> & {
  readonly isFirst: boolean;
  readonly plan: AuditionPlan;
  readonly rules: ConflictRules;
};

/**
 * The pauses before a held slot is requested again. Most holds that end at all end within seconds: a slot that was
 * refused for a calendar, a decline that becomes final.
 */
const pauses = [5 * second, 10 * second, 20 * second, 40 * second];
const longestPause = 60 * second;

/** With the policy `wait`, a slot that another audition holds is requested again until the time for that is over. */
const claimOnceFree = async (run: AuditionRun, wish: SlotSpec, work: ClaimWork): Promise<Claimed> => {
  const { policy, waitFor } = work.rules;
  const deadline = Date.now() + waitFor;
  for (let attempt = 0; ; attempt += 1) {
    const claimed = await claimOnceReadable(run, wish, work);
    const isHeldByOther =
      claimed.kind === 'refused' && (claimed.reason === 'taken' || claimed.isHeld === true);
    const remaining = deadline - Date.now();
    if (!isHeldByOther || policy !== 'wait' || remaining <= 0 || work.isMoot?.()) return claimed;
    const pause = Math.min(pauses[attempt] ?? longestPause, remaining);
    await sleep(pause, { summary: 'Until the slot that another audition holds is requested again' });
  }
};

/** A claim whose calendars cannot be read keeps its slot, while they are read alone and the slot is claimed again. */
const claimOnceReadable = async (
  run: AuditionRun,
  wish: SlotSpec,
  { isFirst, plan, isMoot, accepted, rules }: ClaimWork,
): Promise<Claimed> => {
  const [first, ...others] = byProvider(calendarsToRead(plan, wish));
  const reading: Reading = { wish, rules, isMoot };
  let busy = (await Promise.all(others.flatMap((group) => readAll(run, group, reading)))).flat();
  let calendars: readonly CalendarToRead[] = first ?? [];
  for (;;) {
    const number = run.claims.last + 1;
    run.claims = { ...run.claims, last: number };
    const result = await callClaim(run, {
      plan,
      wish,
      rules,
      accepted,
      calendars,
      busy,
      number,
      isFirst,
      provider: first?.[0].provider,
    });
    if (result.kind !== 'unreadable') return { ...result, number };
    const { failures } = result;
    const unreadable = calendars.filter(({ connection }) =>
      failures.some((failed) => failed.connection === connection),
    );
    const read = await Promise.all(byConnection(unreadable).map((group) => readAlone(run, group, reading)));
    busy = [...result.busy, ...read.flat()];
    calendars = [];
  }
};

/** Returns the refusal of a command whose slot cannot be held. */
export const slotRefused = ({
  reason,
  message,
  conflict,
}: Extract<Claimed, { kind: 'refused' }>): Refusal => {
  switch (reason) {
    case 'in_the_past':
      return new Refusal('slot_in_the_past', message, 'Choose a slot in the future.');
    case 'nothing_free':
      return new Refusal(
        'nothing_free',
        message,
        'Choose another window; POST /v1/availability lists free slots.',
        [],
        conflict,
      );
    case 'taken':
    case 'busy':
    case 'blackout':
      return new Refusal(
        'slot_taken',
        message,
        'Choose another slot; POST /v1/availability lists free ones.',
        [],
        conflict,
      );
  }
};

interface ClaimCall {
  readonly plan: AuditionPlan;
  readonly wish: SlotSpec;
  readonly rules: ConflictRules;
  readonly accepted: readonly Blocker[] | undefined;
  readonly calendars: readonly CalendarToRead[];
  readonly busy: readonly BusyInterval[];
  readonly number: number;
  readonly isFirst: boolean;
  readonly provider: CalendarProviderName | undefined;
}

/** The first claim appends its fact itself. A cancellation waits for it, so that the two facts keep their order. */
const callClaim = async (
  run: AuditionRun,
  { plan, wish, rules, accepted, calendars, busy, number, isFirst, provider }: ClaimCall,
): Promise<ClaimSlotResult> => {
  const queue: TaskQueue = provider && calendars.length > 0 ? queueOfCalendar(provider) : workflowTaskQueue;
  const { participants, reminders } = plan;
  const activities = proxyActivities<InternalActivities>(claimOptions(run, queue));
  const claim = (heldAs?: number) =>
    run.call((call) =>
      activities.claimSlot({
        ...call,
        wish,
        rules,
        accepted,
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

interface Reading extends Pick<ClaimOptions, 'isMoot'> {
  readonly wish: SlotSpec;
  readonly rules: ConflictRules;
}

const readAll = (
  run: AuditionRun,
  calendars: readonly CalendarToRead[],
  reading: Reading,
): readonly Promise<readonly BusyInterval[]>[] =>
  byConnection(calendars).map((group) => readAlone(run, group, reading));

/** Returns the busy times of the calendars of one connection. */
const readAlone = async (
  run: AuditionRun,
  calendars: Group,
  { wish, rules, isMoot }: Reading,
): Promise<readonly BusyInterval[]> => {
  const [{ provider, connection }] = calendars;
  const rooms = idsOf(calendars.filter(({ isRoom }) => isRoom));
  const busyOnly = idsOf(calendars.filter(({ isBusyOnly }) => isBusyOnly));
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
          calendarIds: idsOf(calendars.filter(({ isRoom, isBusyOnly }) => !isRoom && !isBusyOnly)),
          ...(rooms.length > 0 ? { rooms } : {}),
          ...(busyOnly.length > 0 ? { busyOnly } : {}),
          tentative: rules.tentative,
          window: readingWindow(wish, rules),
        }),
      ),
  );
  return outcome.kind === 'done' ? outcome.result : [];
};

const idsOf = (calendars: readonly CalendarToRead[]): readonly string[] =>
  calendars.map(({ calendarId }) => calendarId);

/** Calendars that have a provider, or a connection, in common. */
type Group = readonly [CalendarToRead, ...CalendarToRead[]];

/** Returns the calendars of the participants, that of the room, and those that only count as busy. */
const calendarsToRead = (plan: AuditionPlan, wish: SlotSpec): readonly CalendarToRead[] => {
  const room = roomCalendarOf(wish);
  return [
    ...calendarsOf({ plan }).map(({ calendar }) => calendar),
    ...(room
      ? [{ provider: room.provider, connection: room.connection, calendarId: room.email, isRoom: true }]
      : []),
    ...busyOnlyCalendarsOf({ plan }).map((calendar) => ({ ...calendar, isBusyOnly: true })),
  ];
};

const byProvider = (calendars: readonly CalendarToRead[]): readonly Group[] =>
  grouped(calendars, ({ provider }) => provider);

const byConnection = (calendars: readonly CalendarToRead[]): readonly Group[] =>
  grouped(calendars, ({ connection }) => connection);

/** Returns the calendars in groups with one key each, in the order of their first calendar. */
const grouped = (
  calendars: readonly CalendarToRead[],
  keyOf: (calendar: CalendarToRead) => string,
): readonly Group[] => {
  const groups = new Map<string, [CalendarToRead, ...CalendarToRead[]]>();
  for (const calendar of calendars) {
    const group = groups.get(keyOf(calendar));
    if (group) group.push(calendar);
    else groups.set(keyOf(calendar), [calendar]);
  }
  return [...groups.values()];
};
