/**
 * The activities of workflow tests: a small world in memory that keeps what was done to it, and fails where a test
 * says so. Workflow tests only; end-to-end tests use none of this.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { AuditionActivities } from '../../activities/contract.ts';
import type { AuditionEvent, AuditionFactType } from '../../domain/audition/events.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { planReminders } from '../../domain/audition/reminder-plan.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import type { ProviderFaultKind } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';

type ActivityName = keyof AuditionActivities;

interface Call {
  readonly activity: ActivityName;
  readonly key: string;
}

export interface FakeWorld {
  readonly activities: AuditionActivities;
  readonly calls: readonly Call[];
  readonly events: readonly AuditionEvent[];
  busy: readonly BusyInterval[];
  holdsTaken: boolean;
  /** Keys of what exists at the providers now. */
  readonly meetings: ReadonlySet<string>;
  readonly calendarEvents: ReadonlySet<string>;
  /** Keys of the meetings that no other provider would be tried for. */
  readonly meetingsWithoutFallback: readonly string[];
  readonly notices: readonly string[];
  readonly retractions: readonly string[];
  readonly heldRevisions: ReadonlySet<number>;
  /** Those of the held that last to the end of their slot. */
  readonly confirmedRevisions: ReadonlySet<number>;
  /** What is held and not confirmed runs out, and somebody else takes it. */
  expireHolds(): void;
  /** Called as an activity begins and awaited before its effect: where a test interferes. */
  beforeActivity: (call: Call, index: number) => Promise<void> | void;
  /**
   * The next calls of this activity whose key contains `key` fail for good in this way, until `heal`; because of this
   * connection, where one is to blame.
   */
  fail(activity: ActivityName, kind: ProviderFaultKind, key?: string, connection?: ConnectionId): void;
  clearFaults(): void;
  callsOf(activity: ActivityName): readonly string[];
  factTypes(): readonly AuditionFactType[];
}

interface Fault extends Call {
  readonly kind: ProviderFaultKind;
  readonly connection: ConnectionId | undefined;
}

const permanent: ReadonlySet<ProviderFaultKind> = new Set([
  'reconnect',
  'rejected_input',
  'not_permitted',
  'misconfigured',
]);

/** The workflow's clock, which may be years ahead of ours. */
const workflowTime = (heldUntil: string) => toInstant(Date.parse(heldUntil) - defaultPolicy.holdFor);

const taken = { kind: 'taken', resources: ['participant:performer-1'] } as const;

export const createFakeWorld = (): FakeWorld => {
  const calls: Call[] = [];
  const events: AuditionEvent[] = [];
  const meetings = new Set<string>();
  const calendarEvents = new Set<string>();
  const meetingsWithoutFallback: string[] = [];
  const notices: string[] = [];
  const retractions: string[] = [];
  const heldRevisions = new Set<number>();
  const confirmedRevisions = new Set<number>();
  const undone = new Set<string>();
  const underWay = new Map<string, Promise<void>>();
  let faults: readonly Fault[] = [];

  const called = async (activity: ActivityName, key = ''): Promise<void> => {
    const call = { activity, key };
    calls.push(call);
    await world.beforeActivity(call, calls.length - 1);
    const fault = faults.find((one) => one.activity === activity && key.includes(one.key));
    if (!fault) return;
    throw ApplicationFailure.create({
      type: fault.kind,
      message: `${activity} failed`,
      nonRetryable: permanent.has(fault.kind),
      details: [{ provider: 'fake', ...(fault.connection ? { connection: fault.connection } : {}) }],
    });
  };

  /** Once per key, and never after it was undone: what the ledger does. */
  const once = async (activity: ActivityName, key: string, effect: () => void): Promise<void> => {
    const attempt = (async () => {
      await called(activity, key);
      if (undone.has(key)) throw ApplicationFailure.nonRetryable('undone before', 'Compensated');
      effect();
    })();
    underWay.set(key, attempt);
    await attempt;
  };

  /** Waits for an attempt that is under way, as the ledger's lease makes a compensation wait. */
  const undo = async (activity: ActivityName, key: string, kept: Set<string>) => {
    await called(activity, key);
    await Promise.allSettled([underWay.get(key)]);
    undone.add(key);
    return { result: kept.delete(key) ? ('undone' as const) : ('nothing_to_undo' as const) };
  };

  const world: FakeWorld = {
    calls,
    events,
    busy: [],
    holdsTaken: false,
    beforeActivity: () => undefined,
    meetings,
    calendarEvents,
    meetingsWithoutFallback,
    notices,
    retractions,
    heldRevisions,
    confirmedRevisions,
    expireHolds() {
      for (const held of heldRevisions) if (!confirmedRevisions.has(held)) heldRevisions.delete(held);
      world.holdsTaken = true;
    },
    fail(activity, kind, key = '', connection) {
      faults = [...faults, { activity, kind, key, connection }];
    },
    clearFaults() {
      faults = [];
    },
    callsOf: (activity) => calls.filter((call) => call.activity === activity).map(({ key }) => key),
    factTypes: () => events.map(({ fact }) => fact.type),
    activities: {
      async holdSlot({ revision, slot, until, reminders: { offsets, participants } }) {
        await called('holdSlot');
        const now = workflowTime(until);
        if (slot.start <= now) return { kind: 'in_the_past' };
        if (world.holdsTaken) return taken;
        heldRevisions.add(revision);
        return { kind: 'held', reminders: planReminders(slot, offsets, participants, now) };
      },
      async confirmHold({ revision, slot, until }) {
        await called('confirmHold');
        if (slot.start <= workflowTime(until)) return { kind: 'in_the_past' };
        if (!heldRevisions.has(revision) && world.holdsTaken) return taken;
        heldRevisions.add(revision);
        confirmedRevisions.add(revision);
        return { kind: 'confirmed' };
      },
      async releaseHolds({ except }) {
        await called('releaseHolds');
        for (const held of [heldRevisions, confirmedRevisions])
          for (const revision of held) if (revision !== except) held.delete(revision);
      },
      async recordEvents({ events: more }) {
        await called('recordEvents');
        events.push(...more.filter(({ sequence }) => sequence > events.length));
        // What the database would do: the trail must fold without a gap or a forbidden step.
        foldEvents(events);
      },
      async findBusy({ connection }) {
        await called('findBusy', connection);
        return world.busy;
      },
      async writeEvent({ key }) {
        await once('writeEvent', key, () => calendarEvents.add(key));
        return { eventId: key };
      },
      async removeEvent({ key }) {
        return undo('removeEvent', key, calendarEvents);
      },
      async createMeeting({ key, provider, hasFallback }) {
        if (!hasFallback) meetingsWithoutFallback.push(key);
        await once('createMeeting', key, () => meetings.add(key));
        return { provider, id: key, joinUrl: `https://meet.example/${provider}` };
      },
      async moveMeeting({ key }) {
        await called('moveMeeting', key);
      },
      async removeMeeting({ key }) {
        return undo('removeMeeting', key, meetings);
      },
      async sendNotice({ key }) {
        await once('sendNotice', key, () => notices.push(key));
        return { deliveryId: key };
      },
      async retractNotice({ key, sentAs }) {
        await called('retractNotice', key);
        await Promise.allSettled(sentAs.flatMap((sent) => underWay.get(sent) ?? []));
        for (const sent of sentAs) undone.add(sent);
        if (!sentAs.some((sent) => notices.includes(sent))) return { result: 'nothing_to_undo' };
        retractions.push(key);
        return { result: 'undone' };
      },
    },
  };
  return world;
};
