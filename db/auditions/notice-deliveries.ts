import { and, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type DeliveryStatus, deliveryStatuses } from '../../domain/audition/events.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { isLaterDelivery } from '../../domain/audition/view.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import { channels } from '../../domain/providers/vendors.ts';
import { createBatching } from '../batching.ts';
import type { Database } from '../client.ts';
import { auditions } from '../schema/auditions.ts';
import { deliveries } from '../schema/deliveries.ts';

/** The recipient of a message. */
interface DeliveryRecipient {
  readonly audition: AuditionId;
  readonly participant: ParticipantId;
}

/** What a provider reports about a message. */
interface StatusReport {
  /** Identifies the report. Its repetition has the same id. */
  readonly inboxId: string;
  readonly deliveryId: string;
  readonly channel: Channel;
  readonly status: DeliveryStatus;
  readonly code?: string | undefined;
  /** The recipient, if the report names one. */
  readonly of?: DeliveryRecipient | undefined;
}

interface StoredReport {
  readonly recipient: DeliveryRecipient;
  /**
   * `changed`: the status is stored. `repeated`: this report was stored before. `superseded`: a stored status has
   * precedence.
   */
  readonly effect: 'changed' | 'repeated' | 'superseded';
}

interface NewDelivery {
  readonly id: string;
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant: string;
  readonly channel: string;
}

/** Maps the delivery ids of providers to notices, and keeps the status of each notice. */
export interface NoticeDeliveries {
  /** Stores a delivery. Idempotent: a delivery id that is already stored stays unchanged. */
  put(delivery: NewDelivery): Promise<void>;
  /**
   * Stores the reported status, unless the stored one has precedence (`isLaterDelivery`). Idempotent. A report that
   * names its recipient is stored even before the message is. Returns undefined when the message is unknown.
   */
  report(report: StatusReport): Promise<StoredReport | undefined>;
  find(id: string): Promise<
    | {
        readonly organization: OrganizationId;
        readonly auditionId: AuditionId;
        readonly participant: ParticipantId;
        readonly channel: Channel;
        readonly status: DeliveryStatus;
        readonly code?: string | undefined;
      }
    | undefined
  >;
}

const deliverySchema = z.object({
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  participant: participantIdSchema,
  channel: z.enum(channels),
  status: z.enum(deliveryStatuses),
  code: z
    .string()
    .nullable()
    .transform((code) => code ?? undefined),
});

const reportedSchema = z
  .object({ auditionId: auditionIdSchema, participant: participantIdSchema })
  .transform(({ auditionId, participant }): DeliveryRecipient => ({ audition: auditionId, participant }));

const recipientColumns = { auditionId: deliveries.auditionId, participant: deliveries.participant };

/** The statuses that the given one replaces. */
const statusesBefore = (status: DeliveryStatus): readonly DeliveryStatus[] =>
  deliveryStatuses.filter((stored) => isLaterDelivery(status, stored));

/** Creates the repository of notice deliveries. */
export const createNoticeDeliveries = (db: Database): NoticeDeliveries => {
  const put = createBatching({
    run: (added: readonly NewDelivery[]) => insertDeliveries(db, added),
    keyOf: ({ id }) => id,
  });
  return {
    async put(delivery) {
      await put(delivery);
    },

    async report(report) {
      const { inboxId, deliveryId, status, code, of: named } = report;
      if (named) await putNamed(db, report, named);
      const [changed] = await db
        .update(deliveries)
        .set({ status, code: code ?? null, reportedBy: inboxId })
        .where(and(eq(deliveries.id, deliveryId), inArray(deliveries.status, [...statusesBefore(status)])))
        .returning(recipientColumns);
      if (changed) return { recipient: reportedSchema.parse(changed), effect: 'changed' };
      const [stored] = await db
        .select({ ...recipientColumns, reportedBy: deliveries.reportedBy })
        .from(deliveries)
        .where(eq(deliveries.id, deliveryId));
      if (!stored) return undefined;
      const effect = stored.reportedBy === inboxId ? 'repeated' : 'superseded';
      return { recipient: reportedSchema.parse(stored), effect };
    },

    async find(id) {
      const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id));
      return row && deliverySchema.parse(row);
    },
  };
};

/** Stores deliveries in one statement, in a fixed order, so that two statements cannot deadlock. */
const insertDeliveries = async (
  db: Database,
  added: readonly NewDelivery[],
): Promise<readonly 'stored'[]> => {
  await db.execute(sql`
    INSERT INTO deliveries (id, organization, audition_id, participant, channel)
    SELECT id, organization, "auditionId", participant, channel
    FROM jsonb_to_recordset(${JSON.stringify(added)}::jsonb)
      AS added(id text, organization text, "auditionId" text, participant text, channel text)
    ORDER BY id
    ON CONFLICT (id) DO NOTHING
  `);
  return added.map(() => 'stored');
};

/** Stores the message of a report that arrives before the activity has stored it. */
const putNamed = async (
  db: Database,
  { deliveryId, channel }: StatusReport,
  { audition, participant }: DeliveryRecipient,
): Promise<void> => {
  await db.execute(sql`
    INSERT INTO deliveries (id, organization, audition_id, participant, channel)
    SELECT ${deliveryId}, organization, id, ${participant}, ${channel} FROM ${auditions} WHERE id = ${audition}
    ON CONFLICT (id) DO NOTHING
  `);
};
