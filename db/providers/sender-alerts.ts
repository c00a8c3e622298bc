/** Decides which of many waiting messages raises the one attention item about their sender. */
import { sql } from 'drizzle-orm';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { millisecondsInterval } from '../time.ts';

interface AlertOf {
  readonly organization: OrganizationId;
  /** The provider that refuses us, such as `smtp`. */
  readonly sender: string;
  /** The idempotency key of the message. */
  readonly holder: string;
}

/** The attention items about refused senders: one for each organization and sender. */
export interface SenderAlerts {
  /**
   * Claims the alert for the message, or extends its claim. Returns whether the message holds it. Of any number of
   * simultaneous claims, one succeeds.
   * @param forMs milliseconds until another message can claim it
   */
  claim(alert: AlertOf, forMs: number): Promise<boolean>;
  /** Ends the alert that the message holds. Idempotent. */
  release(alert: AlertOf): Promise<void>;
}

/** Creates the alerts. */
export const createSenderAlerts = (db: Database): SenderAlerts => ({
  async claim({ organization, sender, holder }, forMs) {
    const { rows } = await db.execute(sql`
      INSERT INTO sender_alerts AS alerts (organization, sender, holder, expires_at)
      VALUES (${organization}, ${sender}, ${holder}, now() + ${millisecondsInterval(forMs)})
      ON CONFLICT (organization, sender) DO UPDATE
        SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE alerts.holder = excluded.holder OR alerts.expires_at <= now()
      RETURNING holder
    `);
    return rows.length > 0;
  },

  async release({ organization, sender, holder }) {
    await db.execute(sql`
      DELETE FROM sender_alerts
      WHERE organization = ${organization} AND sender = ${sender} AND holder = ${holder}
    `);
  },
});
