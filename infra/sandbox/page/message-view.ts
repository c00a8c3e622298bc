/** Prepares Twilio's messages for the page: one phone per number, the newest message at the bottom. */
import { DateTime } from 'luxon';
import type { SandboxState } from '../control/control.ts';

type Message = SandboxState['twilio']['messages'][number];

export interface BubbleView {
  readonly body: string;
  readonly time: string;
  readonly fromPhone: boolean;
  readonly mark: string;
  readonly status: string;
  readonly reports: string;
}

const marks: Readonly<Record<Message['status'], string>> = {
  accepted: '○',
  queued: '○',
  sent: '✓',
  delivered: '✓✓',
  undelivered: '✗',
  failed: '✗',
  received: '',
};

const maximumPhones = 12;
const maximumBubbles = 8;

const phoneOf = (message: Message): string =>
  message.direction === 'inbound' ? (message.from ?? '') : message.to;

const viewOf = (message: Message, zone: string): BubbleView => ({
  body: message.body,
  time: DateTime.fromRFC2822(message.date_created, { zone }).toFormat('d LLL HH:mm:ss'),
  fromPhone: message.direction === 'inbound',
  mark: marks[message.status],
  status: message.error_code === null ? message.status : `${message.status} (${message.error_code})`,
  reports: message.callbacks.join(', '),
});

/** Returns the phones, the one with the latest message first. */
export const viewPhones = ({ twilio }: SandboxState, zone: string) => {
  const phones = [...Map.groupBy(twilio.messages, phoneOf)];
  return {
    count: twilio.messages.length,
    more: Math.max(0, phones.length - maximumPhones),
    phones: phones.slice(0, maximumPhones).map(([number, messages]) => ({
      number,
      optedOut: twilio.optedOut.includes(number),
      earlier: Math.max(0, messages.length - maximumBubbles),
      bubbles: messages
        .slice(0, maximumBubbles)
        .toReversed()
        .map((message) => viewOf(message, zone)),
    })),
  };
};
