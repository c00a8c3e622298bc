import { and, eq, inArray } from 'drizzle-orm';
import type { OrganizationId } from '../../domain/ids.ts';
import { auditionDataKey, calendarSyncDataKey } from '../../domain/workflow-ids.ts';
import type { Database } from '../client.ts';
import { auditions } from '../schema/auditions.ts';
import { connections } from '../schema/connections.ts';

/** Finds the organizations to which encrypted payloads belong. */
export interface PayloadOrganizations {
  /**
   * Returns which of the data keys belong to the organization. The key of an audition that is not recorded yet belongs to none.
   * @param dataKeys ids of data keys, as `payloadDataKeyOf` forms them
   */
  ownKeys(organization: OrganizationId, dataKeys: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Returns the ids after the prefix. */
const idsIn = (dataKeys: readonly string[], prefix: string): readonly string[] =>
  dataKeys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));

/** Creates the look-up. It only reads. */
export const createPayloadOrganizations = (db: Database): PayloadOrganizations => ({
  async ownKeys(organization, dataKeys) {
    const [ofAuditions, ofConnections] = await Promise.all([
      db
        .select({ id: auditions.id })
        .from(auditions)
        .where(
          and(
            eq(auditions.organization, organization),
            inArray(auditions.id, [...idsIn(dataKeys, auditionDataKey(''))]),
          ),
        ),
      db
        .select({ id: connections.id })
        .from(connections)
        .where(
          and(
            eq(connections.organization, organization),
            inArray(connections.id, [...idsIn(dataKeys, calendarSyncDataKey(''))]),
          ),
        ),
    ]);
    return new Set([
      ...ofAuditions.map(({ id }) => auditionDataKey(id)),
      ...ofConnections.map(({ id }) => calendarSyncDataKey(id)),
    ]);
  },
});
