/** The activities on the service's own database: slot holds and the audit trail. */
import { planReminders } from '../../domain/audition/reminder-plan.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { HoldSlotInput, HoldSlotResult, InternalActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';

/**
 * Creates the internal activities. The slot activities are idempotent by audition and revision, `recordEvents` by
 * audition and sequence.
 * @param now returns epoch milliseconds.
 */
export const createInternalActivities = (
  { repositories: { holds, events } }: Pick<ActivityDependencies, 'repositories'>,
  now: () => number = Date.now,
): InternalActivities => ({
  holdSlot: async (input: HoldSlotInput): Promise<HoldSlotResult> => {
    const { organization, auditionId, revision, slot, resources, until, reminders } = input;
    const requestedAt = toInstant(now());
    if (slot.start <= requestedAt) return { kind: 'in_the_past' };
    const held = await holds.hold({ organization, auditionId, revision, slot, resources, until });
    if (held.kind === 'taken') return held;
    return {
      kind: 'held',
      reminders: planReminders(slot, reminders.offsets, reminders.participants, requestedAt),
    };
  },
  confirmHold: async ({ organization, auditionId, revision, slot, resources, until }) => {
    if (slot.start <= toInstant(now())) return { kind: 'in_the_past' };
    if (await holds.confirm(auditionId, revision)) return { kind: 'confirmed' };
    const held = await holds.hold({ organization, auditionId, revision, slot, resources, until });
    if (held.kind === 'taken') return held;
    if (await holds.confirm(auditionId, revision)) return { kind: 'confirmed' };
    throw new Error(
      `${auditionId} lost the hold of revision ${revision} while confirming it; a retry claims it again`,
    );
  },
  releaseHolds: ({ auditionId, except }) => holds.release(auditionId, except),
  /** @throws `AuditConflict` (non-retryable) when the events do not continue the trail. */
  recordEvents: (input) => events.append(input.auditionId, input.events),
});
