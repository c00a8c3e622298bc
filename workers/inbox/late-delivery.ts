/**
 * Appends the report that a message was not delivered to the trail of an audition that has closed. Cancellations are sent when an
 * audition closes, so most reports about them arrive afterwards. The platform learns from its event that the participant may not
 * know.
 */
import type { Repositories } from '../../db/index.ts';
import { isDeliveryProblem } from '../../domain/audition/delivery-state.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { DeliveryReport } from '../../workflows/audition/messages.ts';

/** More events than an audition has. */
const longestTrail = 10_000;

/** `open`: the audition is not closed, and will be taken over. `nothing_new`: the trail says it already. */
type LateDelivery = 'open' | 'appended' | 'nothing_new';

/**
 * Appends the fact under the id of the webhook: a repeated delivery appends nothing, and returns the same. As in the workflow, a
 * second problem of one notice is not recorded.
 */
export const appendLateDelivery = async (
  { inboxRouting, events }: Pick<Repositories, 'inboxRouting' | 'events'>,
  auditionId: AuditionId,
  {
    report: { principal, participant, channel, deliveryId, status, code },
    inboxId,
    correlationId,
  }: { readonly report: DeliveryReport; readonly inboxId: string; readonly correlationId: string },
): Promise<LateDelivery> => {
  const organization = await inboxRouting.organizationOf(auditionId);
  const head = organization && (await events.head(organization, auditionId));
  if (!head) return 'nothing_new';
  if (head.view.state !== 'closed') return 'open';
  const key = `delivery:${inboxId}`;
  const [appended] = await events.readByKeys(organization, auditionId, [key]);
  if (appended) return 'appended';
  const notice = head.view.notices.find((sent) => sent.deliveryId === deliveryId);
  if (notice && isDeliveryProblem(notice.status) === isDeliveryProblem(status)) return 'nothing_new';
  // The workflow has recorded it, and ended before it answered the relay.
  const trail = await events.read(organization, auditionId, { after: 0, limit: longestTrail });
  const isKnown = trail.some(
    ({ fact: known }) =>
      known.type === 'delivery_reported' && known.deliveryId === deliveryId && known.status === status,
  );
  if (isKnown) return 'nothing_new';
  const fact = {
    type: 'delivery_reported',
    participant,
    channel,
    deliveryId,
    status,
    ...(code && { code }),
  } as const;
  await events.append(
    { auditionId, run: correlationId, position: anyPosition },
    { facts: [{ at: toInstant(Date.now()), correlationId, principal, key, fact }] },
  );
  return 'appended';
};
