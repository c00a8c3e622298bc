/**
 * `deferred`: a mail server refused the message for the moment; it is tried again there. `bounced`: the address does not
 * accept mail. `complained`: the recipient has reported the message as spam. `delivery-state.ts` says what follows.
 */
export const deliveryStatuses = [
  'queued',
  'sent',
  'deferred',
  'delivered',
  'failed',
  'bounced',
  'complained',
] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];
