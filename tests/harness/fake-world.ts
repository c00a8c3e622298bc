/**
 * Provides in-memory activities to workflow tests. They record their effects, and fail when a test injects a fault.
 * End-to-end tests do not use them.
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
  /** The keys of the meetings and events that exist at the providers now. */
  readonly meetings: ReadonlySet<string>;
  readonly calendarEvents: ReadonlySet<string>;
  /** The keys of the meetings whose creation has no fallback to another provider. */
  readonly meetingsWithoutFallback: readonly string[];
  readonly notices: readonly string[];
  readonly retractions: readonly string[];
  readonly heldRevisions: ReadonlySet<number>;
  /** The held revisions that are confirmed, so that they do not expire before the end of their slot. */
  readonly confirmedRevisions: ReadonlySet<number>;
  /** Expires every unconfirmed hold; another audition then takes the slot. */
  expireHolds(): void;
  /** A test's hook, awaited before the effect of each activity. */
  beforeActivity: (call: Call, index: number) => Promise<void> | void;
  /**
   * Makes calls of this activity whose key contains `key` fail with this kind, until `clearFaults`. `connection` is
   * the connection that the error names.
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

/** Returns the workflow's time, which can be years ahead of the real time. */
const workflowTime = (heldUntil: string) => toInstant(Date.parse(heldUntil) - defaultPolicy.holdFor);

const taken = { kind: 'taken', resources: ['participant:performer-1'] } as const;

/** Creates an empty world. */
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
  const runningAttempts = new Map<string, Promise<void>>();
  let faults: readonly Fault[] = [];

  const called = async (activity: ActivityName, key = ''): Promise<void> => {
    const call = { activity, key };
    calls.push(call);
    await world.beforeActivity(call, calls.length - 1);
    const fault = faults.find((injected) => injected.activity === activity && key.includes(injected.key));
    if (!fault) return;
    throw ApplicationFailure.create({
      type: fault.kind,
      message: `${activity} failed`,
      nonRetryable: permanent.has(fault.kind),
      details: [{ provider: 'fake', ...(fault.connection ? { connection: fault.connection } : {}) }],
    });
  };

  /** Like the ledger, performs an effect once per key, and never after it was undone. */
  const once = async (activity: ActivityName, key: string, effect: () => void): Promise<void> => {
    const attempt = (async () => {
      await called(activity, key);
      if (undone.has(key)) throw ApplicationFailure.nonRetryable('undone before', 'Compensated');
      effect();
    })();
    runningAttempts.set(key, attempt);
    await attempt;
  };

  /** Like the ledger's lease, makes a compensation wait for an attempt that is still running. */
  const undo = async (activity: ActivityName, key: string, existing: Set<string>) => {
    await called(activity, key);
    await Promise.allSettled([runningAttempts.get(key)]);
    undone.add(key);
    return { result: existing.delete(key) ? ('undone' as const) : ('nothing_to_undo' as const) };
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
        // The database rejects a gap in the sequence and a forbidden transition; so does folding the events.
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
        await Promise.allSettled(sentAs.flatMap((sent) => runningAttempts.get(sent) ?? []));
        for (const sent of sentAs) undone.add(sent);
        if (!sentAs.some((sent) => notices.includes(sent))) return { result: 'nothing_to_undo' };
        retractions.push(key);
        return { result: 'undone' };
      },
    },
  };
  return world;
};
