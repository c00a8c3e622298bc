/** What organizations want to happen to their recordings. */
import { eq } from 'drizzle-orm';
import type { OrganizationId } from '../../domain/ids.ts';
import {
  defaultRecordingPolicy,
  type RecordingPolicy,
  recordingPolicySchema,
} from '../../domain/recordings/recording-policy.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { recordingPolicies } from '../schema/recordings.ts';

export interface RecordingPolicies {
  /** Returns the policy of the organization, or the default. */
  get(organization: OrganizationId): Promise<RecordingPolicy>;
  /** Replaces the policy, and records the act. It concerns recordings that are stored later. Idempotent. */
  put(organization: OrganizationId, policy: RecordingPolicy, actor: Actor): Promise<void>;
}

/** Creates the repository. */
export const createRecordingPolicies = (db: Database): RecordingPolicies => ({
  async get(organization) {
    const [row] = await db
      .select()
      .from(recordingPolicies)
      .where(eq(recordingPolicies.organization, organization));
    return row ? recordingPolicySchema.parse(row.policy) : defaultRecordingPolicy;
  },
  put: (organization, policy, actor) =>
    db.transaction(async (tx) => {
      await tx
        .insert(recordingPolicies)
        .values({ organization, policy })
        .onConflictDoUpdate({ target: recordingPolicies.organization, set: { policy } });
      await createAdministrativeActs(tx).record({
        organization,
        ...actor,
        act: 'recording_policy.changed',
        target: organization,
      });
    }),
});
