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
import type { Database } from '../client.ts';
import { auditions } from '../schema/auditions.ts';
import { deliveries } from '../schema/deliveries.ts';
import { addressHash } from './address-hash.ts';
import { isSuppressing, suppressAddressOf } from './suppressions.ts';

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

/** Maps the delivery ids of providers to notices, and keeps the status of each notice. */
export interface NoticeDeliveries {
  /** Stores a delivery. Idempotent: a delivery id that is already stored stays unchanged. */
  put(delivery: {
    readonly id: string;
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly participant: string;
    readonly channel: string;
    /** The email address. Only its hash is stored. */
    readonly address?: string | undefined;
  }): Promise<void>;
  /**
   * Stores the reported status, unless the stored one has precedence (`isLaterDelivery`). Idempotent. A report that
   * names its recipient is stored even before the message is. Returns undefined when the message is unknown. A report
   * after which nothing more must be sent to an email address suppresses the address.
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
export const createNoticeDeliveries = (db: Database): NoticeDeliveries => ({
  async put({ id, organization, auditionId, participant, channel, address }) {
    const hash = address === undefined ? null : addressHash(organization, address);
    await db
      .insert(deliveries)
      .values({ id, organization, auditionId, participant, channel, address: hash })
      .onConflictDoNothing();
  },

  async report(report) {
    const { inboxId, deliveryId, of: named } = report;
    if (named) await putNamed(db, report, named);
    const changed = isAddressLost(report)
      ? await db.transaction(async (transaction) => {
          const row = await changeStatus(transaction, report);
          if (row) await suppressAddressOf(transaction, { deliveryId, reason: report.code });
          return row;
        })
      : await changeStatus(db, report);
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
});

const changeStatus = async (db: Database, { inboxId, deliveryId, status, code }: StatusReport) => {
  const [changed] = await db
    .update(deliveries)
    .set({ status, code: code ?? null, reportedBy: inboxId })
    .where(and(eq(deliveries.id, deliveryId), inArray(deliveries.status, [...statusesBefore(status)])))
    .returning(recipientColumns);
  return changed;
};

const isAddressLost = (report: StatusReport): report is StatusReport & { readonly code: string } =>
  report.channel === 'email' && report.status === 'failed' && isSuppressing(report.code);

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
