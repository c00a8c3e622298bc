/** The commands whose facts the API appends to the trail. A worker finishes what a killed API process has left. */
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { openCommands } from '../schema/open-commands.ts';

interface OpenCommand {
  readonly updateId: string;
  readonly auditionId: AuditionId;
}

export interface ClaimedCommand extends OpenCommand {
  /** Whether the command is so old that its workflow can no longer accept it. */
  readonly isExpired: boolean;
}

export interface OpenCommands {
  /** Stores a command before it is sent. It is due after a minute: until then the API can still finish it. Idempotent. */
  open(command: OpenCommand): Promise<void>;
  /** Deletes the command. Idempotent. */
  close(updateId: string): Promise<void>;
  /** Claims due commands. Until `close`, each becomes due again after a minute. */
  claim(limit: number): Promise<readonly ClaimedCommand[]>;
}

const claimedSchema = z.array(
  z.object({ update_id: z.string(), audition_id: auditionIdSchema, is_expired: z.boolean() }),
);

/** Creates the repository. */
export const createOpenCommands = (db: Database): OpenCommands => ({
  async open(command) {
    await db
      .insert(openCommands)
      .values({ ...command, nextAttemptAt: sql`now() + interval '1 minute'` })
      .onConflictDoNothing();
  },

  async close(updateId) {
    await db.delete(openCommands).where(eq(openCommands.updateId, updateId));
  },

  async claim(limit) {
    const { rows } = await db.execute(sql`
      UPDATE open_commands SET next_attempt_at = now() + interval '1 minute'
      WHERE update_id IN (
        SELECT update_id FROM open_commands WHERE next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )
      RETURNING update_id, audition_id, created_at < now() - interval '1 day' AS is_expired
    `);
    return claimedSchema.parse(rows).map(({ update_id, audition_id, is_expired }) => ({
      updateId: update_id,
      auditionId: audition_id,
      isExpired: is_expired,
    }));
  },
});
