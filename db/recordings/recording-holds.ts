/** Legal holds: a recording with one, or whose audition or organization has one, is not deleted. */
import { and, eq, or } from 'drizzle-orm';
import type { AuditionId, OrganizationId, RecordingId } from '../../domain/ids.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { recordingHolds, recordings } from '../schema/recordings.ts';
import type { HoldReasons } from './hold-reasons.ts';

interface HoldSubject {
  readonly organization: OrganizationId;
  /** A hold on an audition, or on the organization itself, also holds the recordings that are found later. */
  readonly subject: RecordingId | AuditionId | OrganizationId;
}

/** Each change and its administrative act are stored in one transaction. */
export interface RecordingHolds {
  /**
   * Places the hold, or replaces its reason. `too_late`: the recording itself is deleted, or being deleted. A hold on an audition or on
   * an organization is never too late: it also keeps recordings that are found later, and copies at the provider. The caller
   * has checked that the subject belongs to the organization.
   */
  place(subject: HoldSubject, reason: string, actor: Actor): Promise<'placed' | 'too_late'>;
  /** Releases the hold. Idempotent. */
  release(subject: HoldSubject, actor: Actor): Promise<void>;
}

/** Creates the repository of legal holds. */
export const createRecordingHolds = (db: Database, reasons: Pick<HoldReasons, 'seal'>): RecordingHolds => ({
  place: ({ organization, subject }, reason, actor) =>
    db.transaction(async (tx) => {
      // A deletion locks the same rows before it looks for holds.
      const held = await tx
        .select({ id: recordings.id, state: recordings.state, auditionId: recordings.auditionId })
        .from(recordings)
        .where(
          and(
            eq(recordings.organization, organization),
            or(
              eq(recordings.id, subject),
              eq(recordings.auditionId, subject),
              eq(recordings.organization, subject),
            ),
          ),
        )
        // Simultaneous holds lock the rows in one order.
        .orderBy(recordings.id)
        .for('update');
      const isGone = held.some(
        ({ id, state }) => id === subject && (state === 'deleting' || state === 'deleted'),
      );
      if (isGone) return 'too_late';
      const ownAudition = subject === organization ? undefined : subject;
      const auditionId = held.find(({ id }) => id === subject)?.auditionId ?? ownAudition;
      const sealed = await reasons.seal({ auditionId, subject }, reason);
      const values = { organization, reason: sealed, placedBy: actor.by };
      await tx
        .insert(recordingHolds)
        .values({ subject, ...values })
        .onConflictDoUpdate({ target: recordingHolds.subject, set: values });
      await createAdministrativeActs(tx).record({
        organization,
        ...actor,
        act: 'recording.held',
        target: subject,
      });
      return 'placed';
    }),

  release: ({ organization, subject }, actor) =>
    db.transaction(async (tx) => {
      const released = await tx
        .delete(recordingHolds)
        .where(and(eq(recordingHolds.organization, organization), eq(recordingHolds.subject, subject)))
        .returning({ subject: recordingHolds.subject });
      if (released.length === 0) return;
      await createAdministrativeActs(tx).record({
        organization,
        ...actor,
        act: 'recording.released',
        target: subject,
      });
    }),
});
