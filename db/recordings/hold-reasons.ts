/**
 * Seals the reasons of legal holds on an audition or on its recordings, under the data key of the audition: people have written them,
 * and they can name anyone. The reason of a hold on an organization is about no single audition, and is not sealed.
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema } from '../../domain/ids.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { Database } from '../client.ts';
import { erasedText } from '../trail/trail-texts.ts';
import { DataKeyDestroyed, type Vault } from '../vault/envelope-encryption.ts';

interface HeldSubject {
  /** The audition that the hold is on, or whose recording. Undefined for a hold on the organization. */
  readonly auditionId: string | undefined;
  readonly subject: string;
}

export interface HoldReasons {
  /** Returns the reason as it is stored. A hold on an audition whose key was erased has none. */
  seal(held: HeldSubject, reason: string): Promise<string>;
  /** Returns the reason of a stored one. `[erased]` when a person of the audition was erased. */
  open(held: HeldSubject, stored: string): Promise<string>;
  /** Seals the reasons that an earlier version has stored in plain text. Idempotent. */
  sealEarlier(): Promise<void>;
}

/** A sealed reason says so. Those of earlier versions are not sealed. */
const prefix = 'sealed:';

const contextOf = ({ subject }: HeldSubject): string => `recording_holds.reason ${subject}`;

const earlierSchema = z.array(
  z.object({
    subject: z.string(),
    auditionId: auditionIdSchema,
    reason: z.string(),
  }),
);

/** Creates the sealing. */
export const createHoldReasons = (db: Database, vault: Pick<Vault, 'seal' | 'open'>): HoldReasons => {
  const seal = async (held: HeldSubject, reason: string): Promise<string> => {
    if (held.auditionId === undefined) return reason;
    try {
      return `${prefix}${await vault.seal(auditionDataKey(held.auditionId), reason, contextOf(held))}`;
    } catch (error) {
      if (error instanceof DataKeyDestroyed) return erasedText;
      throw error;
    }
  };
  return {
    seal,

    async open(held, stored) {
      if (held.auditionId === undefined || !stored.startsWith(prefix)) return stored;
      try {
        return await vault.open(
          auditionDataKey(held.auditionId),
          stored.slice(prefix.length),
          contextOf(held),
        );
      } catch (error) {
        if (error instanceof NotAuthentic) return erasedText;
        throw error;
      }
    },

    async sealEarlier() {
      const { rows } = await db.execute(sql`
        SELECT subject, reason, coalesce(recordings.audition_id, subject) AS "auditionId"
        FROM recording_holds AS holds LEFT JOIN recordings ON recordings.id = subject
        WHERE NOT starts_with(reason, ${prefix}) AND reason <> ${erasedText} AND subject <> holds.organization
      `);
      for (const { auditionId, reason, ...held } of earlierSchema.parse(rows)) {
        const sealed = await seal({ ...held, auditionId }, reason);
        await db.execute(sql`
          UPDATE recording_holds SET reason = ${sealed} WHERE subject = ${held.subject} AND reason = ${reason}
        `);
      }
    },
  };
};
