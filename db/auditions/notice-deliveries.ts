import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CalendarPart } from '../../domain/audition/calendar-part.ts';
import { delayedTooLong, isDeliveryProblem, isLaterDelivery } from '../../domain/audition/delivery-state.ts';
import { type DeliveryStatus, deliveryStatuses } from '../../domain/audition/delivery-statuses.ts';
import type { Channel } from '../../domain/audition/request.ts';
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
import type { AddressHashes } from './address-hashes.ts';
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
  /** The status is stored only if the stored one is this. */
  readonly onlyWhile?: DeliveryStatus | undefined;
}

interface StoredReport {
  readonly recipient: DeliveryRecipient;
  /**
   * `changed`: the status is stored. `repeated`: this report was stored before. `superseded`: a stored status has
   * precedence.
   */
  readonly effect: 'changed' | 'repeated' | 'superseded';
  /** Whether the message is delivered, and was given up before (`delayedTooLong`). */
  readonly isArrivalAfterAll: boolean;
}

/** Maps the delivery ids of providers to notices, and keeps the status of each notice. */
export interface NoticeDeliveries {
  /**
   * Stores a delivery. Idempotent: a delivery id that is already stored stays unchanged, except that a REQUEST or a CANCEL
   * replaces what the email contained in an earlier attempt.
   */
  put(delivery: {
    readonly id: string;
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly participant: string;
    readonly channel: string;
    /** The email address. Only its hash is stored. */
    readonly address?: string | undefined;
    readonly calendar?: { readonly part: CalendarPart; readonly sequence: number } | undefined;
  }): Promise<void>;
  /**
   * Returns whether emails have made an entry in the recipient's calendar program, and none has removed it. An email of a
   * version that did not record its calendar part counts as one that has made it.
   */
  hasEntry(recipient: {
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly participant: ParticipantId;
    readonly address: string;
  }): Promise<boolean>;
  /**
   * Stores the reported status, unless the stored one has precedence (`isLaterDelivery`). `delivered` replaces the state of an email
   * that was given up, and keeps its code. Idempotent. A report that
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
  .object({
    auditionId: auditionIdSchema,
    participant: participantIdSchema,
    status: z.enum(deliveryStatuses),
    code: z.string().nullable(),
  })
  .transform(
    ({ auditionId, participant, status, code }): Omit<StoredReport, 'effect'> => ({
      recipient: { audition: auditionId, participant },
      isArrivalAfterAll: status === 'delivered' && code === delayedTooLong,
    }),
  );

const entrySchema = z.object({ hasEntry: z.boolean() });

const reportedColumns = {
  auditionId: deliveries.auditionId,
  participant: deliveries.participant,
  status: deliveries.status,
  code: deliveries.code,
};

/** The statuses that the given one replaces. */
const statusesBefore = (status: DeliveryStatus): readonly DeliveryStatus[] =>
  deliveryStatuses.filter((stored) => isLaterDelivery(status, stored));

/** Creates the repository of notice deliveries. */
export const createNoticeDeliveries = (db: Database, hashes: AddressHashes): NoticeDeliveries => ({
  async put({ id, organization, auditionId, participant, channel, address, calendar }) {
    const hash = address === undefined ? null : await hashes.of(organization, address);
    const content = { calendarPart: calendar?.part, calendarSequence: calendar?.sequence };
    const insert = db
      .insert(deliveries)
      .values({ id, organization, auditionId, participant, channel, address: hash, ...content });
    await (calendar === undefined || calendar.part === 'none'
      ? insert.onConflictDoNothing()
      : insert.onConflictDoUpdate({ target: deliveries.id, set: content }));
  },

  async hasEntry({ organization, auditionId, participant, address }) {
    const forms = await hashes.formsOf(organization, address);
    const { rows } = await db.execute(sql`
      WITH emails AS (
        SELECT calendar_part, calendar_sequence FROM deliveries
        WHERE audition_id = ${auditionId} AND participant = ${participant}
          AND address = ANY (${sql.param([...forms])}::text[])
      )
      SELECT coalesce(
        (
          SELECT calendar_part = 'REQUEST' FROM emails WHERE calendar_part IN ('REQUEST', 'CANCEL')
          ORDER BY calendar_sequence DESC, calendar_part DESC LIMIT 1
        ),
        EXISTS (SELECT FROM emails WHERE calendar_part IS NULL)
      ) AS "hasEntry"
    `);
    return entrySchema.parse(rows[0]).hasEntry;
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
    if (changed) return { ...reportedSchema.parse(changed), effect: 'changed' };
    const [stored] = await db
      .select({ ...reportedColumns, reportedBy: deliveries.reportedBy })
      .from(deliveries)
      .where(eq(deliveries.id, deliveryId));
    if (!stored) return undefined;
    const effect = stored.reportedBy === inboxId ? 'repeated' : 'superseded';
    return { ...reportedSchema.parse(stored), effect };
  },

  async find(id) {
    const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id));
    return row && deliverySchema.parse(row);
  },
});

const wasGivenUp: SQL = sql`(${deliveries.status} = 'failed' AND ${deliveries.code} = ${delayedTooLong})`;

/** A repeated report must be recognized as the arrival of an email that was given up. */
const keptCode = (code: string | undefined): SQL =>
  sql`CASE WHEN ${wasGivenUp} THEN ${deliveries.code} ELSE ${code ?? null} END`;

const changeStatus = async (db: Database, { inboxId, deliveryId, status, code, onlyWhile }: StatusReport) => {
  const replaced = statusesBefore(status).filter((stored) => onlyWhile === undefined || stored === onlyWhile);
  const [changed] = await db
    .update(deliveries)
    .set({ status, code: status === 'delivered' ? keptCode(code) : (code ?? null), reportedBy: inboxId })
    .where(
      and(
        eq(deliveries.id, deliveryId),
        or(inArray(deliveries.status, replaced), status === 'delivered' ? wasGivenUp : undefined),
      ),
    )
    .returning(reportedColumns);
  return changed;
};

const isAddressLost = (report: StatusReport): report is StatusReport & { readonly code: string } =>
  report.channel === 'email' && isDeliveryProblem(report.status) && isSuppressing(report.code);

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
