/**
 * Keys the digests of the settings of a shared meeting. Some settings name people (`alternativeHosts`, `breakoutRooms`), and most others
 * have few values, so a digest without a key confirms a guess.
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { onceSuccessful } from '../../foundation/once.ts';
import type { Database } from '../client.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedHashes, keyedPrefix } from '../vault/keyed-hashes.ts';

/** Digests by the names of the settings. */
export type Digests = Readonly<Record<string, string>>;

export interface SettingDigests {
  /**
   * Returns the stored form of the digests. One that has a key stays as it is. The first call keys the rows of earlier versions. A row
   * that a process of an earlier version stores after that is keyed when another process starts.
   */
  keyed(organization: OrganizationId, digests: Digests): Promise<Digests>;
}

const digestsSchema = z.record(z.string(), z.string());
const rowsSchema = z.array(
  z.object({
    organization: organizationIdSchema,
    session: z.string(),
    number: z.number(),
    settings: digestsSchema,
  }),
);

/** Creates the keyed digests of `session_rooms.settings`. */
export const createSettingDigests = (db: Database, vault: Pick<Vault, 'code'>): SettingDigests => {
  const hashes = createKeyedHashes(vault, 'meeting setting');
  const keyed = async (organization: OrganizationId, digests: Digests): Promise<Digests> => {
    const entries = Object.entries(digests).map(
      async ([name, digest]) =>
        [name, digest.startsWith(keyedPrefix) ? digest : await hashes.of(organization, digest)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  };

  /** One row at a time. A process that is killed leaves the other rows to the next one. */
  const keyEarlierRows = async (): Promise<void> => {
    const { rows } = await db.execute(sql`
      SELECT organization, session, number, settings FROM session_rooms
      WHERE EXISTS (SELECT FROM jsonb_each_text(settings) AS setting WHERE NOT starts_with(setting.value, ${keyedPrefix}))
    `);
    for (const { organization, session, number, settings } of rowsSchema.parse(rows)) {
      const stored = JSON.stringify(await keyed(organization, settings));
      await db.execute(sql`
        UPDATE session_rooms SET settings = ${stored}::jsonb WHERE session = ${session} AND number = ${number}
      `);
    }
  };

  const keyEarlierRowsOnce = onceSuccessful(keyEarlierRows);
  return {
    async keyed(organization, digests) {
      await keyEarlierRowsOnce();
      return keyed(organization, digests);
    },
  };
};
