/** Makes an inbox event of what a provider says about a text message, in a callback or when it is asked. */
import { isDeliveryProblem } from './audition/delivery-state.ts';
import type { DeliveryStatus } from './audition/delivery-statuses.ts';
import type { InboxEvent } from './inbox-event.ts';

type StatusEvent = Extract<InboxEvent, { kind: 'message.status' }>;

/** Only final statuses are stored. A signal costs a dozen history events, and nothing depends on `sent`. */
const isFinal = (status: DeliveryStatus): boolean => status === 'delivered' || isDeliveryProblem(status);

/**
 * Returns the event, or undefined when the status is not final. The callback and the answer with the same status have the same
 * deduplication key.
 * @param of the recipient, if it is known
 */
export const textStatusEvent = (
  {
    deliveryId,
    status,
    code,
  }: { readonly deliveryId: string; readonly status: DeliveryStatus; readonly code?: string | undefined },
  of?: StatusEvent['event']['of'],
): { readonly dedupeKey: string; readonly inboxEvent: StatusEvent } | undefined =>
  isFinal(status)
    ? {
        dedupeKey: `${deliveryId}:${status}`,
        inboxEvent: {
          kind: 'message.status',
          event: { deliveryId, channel: 'sms', status, ...(code && { code }), ...(of && { of }) },
        },
      }
    : undefined;
