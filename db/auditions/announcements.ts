import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditionState, auditionStates } from '../../domain/audition/states.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import type { AddressHashes } from './address-hashes.ts';

/** What a notice of an audition must agree with at the moment it is sent. */
export interface Announcement {
  readonly state: AuditionState;
  readonly revision: number;
  /** The revisions that the present slot was announced as. */
  readonly announcedAs: readonly number[];
  /** The link of the present meeting. */
  readonly joinUrl: string | undefined;
  /** Why nothing is sent to the recipient's email address. Undefined when it is not suppressed. */
  readonly suppression: string | undefined;
}

export interface Announcements {
  /** Returns the present state of the audition, by the read model; undefined for an unknown audition. */
  present(
    auditionId: AuditionId,
    recipient: { readonly organization: OrganizationId; readonly email: string | undefined },
  ): Promise<Announcement | undefined>;
}

const rowSchema = z
  .object({
    state: z.enum(auditionStates),
    revision: z.int(),
    announcedAs: z.array(z.int()),
    joinUrl: z.string().nullable(),
    suppression: z.string().nullable(),
  })
  .transform(
    ({ suppression, joinUrl, ...row }): Announcement => ({
      ...row,
      joinUrl: joinUrl ?? undefined,
      suppression: suppression ?? undefined,
    }),
  );

/** Creates the lookup. It only reads. */
export const createAnnouncements = (db: Database, hashes: AddressHashes): Announcements => ({
  async present(auditionId, { organization, email }) {
    const forms = email === undefined ? [] : await hashes.formsOf(organization, email);
    const { rows } = await db.execute(sql`
      SELECT
        state,
        (view -> 'revision')::int AS revision,
        view -> 'announcedAs' AS "announcedAs",
        view #>> '{meeting,joinUrl}' AS "joinUrl",
        (
          SELECT reason FROM suppressions
          WHERE organization = ${organization} AND address = ANY (${sql.param([...forms])}::text[]) LIMIT 1
        ) AS suppression
      FROM auditions WHERE id = ${auditionId}
    `);
    return rows[0] && rowSchema.parse(rows[0]);
  },
});
