/** Adds the reported delivery statuses to the notices of a view. The trail does not contain good reports. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isArrivalAfterAll, isLaterDelivery } from '../../domain/audition/delivery-state.ts';
import { deliveryStatuses } from '../../domain/audition/delivery-statuses.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { auditionViewSchema } from './view-schema.ts';

/**
 * Selects the reported statuses of an audition's notices by delivery id, in a query on `auditions`. Drizzle would omit
 * the tables of the columns.
 */
export const reportedStatuses: SQL = sql`(
  SELECT jsonb_object_agg(deliveries.id, deliveries.status) FROM deliveries
  WHERE deliveries.audition_id = auditions.id AND deliveries.status <> 'queued'
)`;

const statusesSchema = z.record(z.string(), z.enum(deliveryStatuses)).nullable();

/** Returns the stored view, with the reported status of each notice. */
export const viewWithStatuses = (row: {
  readonly view: unknown;
  readonly statuses: unknown;
}): AuditionView => {
  const view = auditionViewSchema.parse(row.view);
  const statuses = statusesSchema.parse(row.statuses);
  if (!statuses) return view;
  return {
    ...view,
    notices: view.notices.map((notice) => {
      const status = statuses[notice.deliveryId];
      const isLater =
        status && (isLaterDelivery(status, notice.status) || isArrivalAfterAll(status, notice.status));
      return isLater ? { ...notice, status } : notice;
    }),
  };
};
