/** Ports: text messages and emails. */
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type { channelVendors } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { CallContext } from './calls.ts';

export interface TextMessage {
  /** E.164. */
  readonly to: string;
  /** Contains the reference as a word. */
  readonly body: string;
  /** Unique among the messages to this number. */
  readonly reference: string;
  /** The URL to which the provider reports the delivery status of the message. */
  readonly statusCallback?: string | undefined;
}

export type ChannelVendors = typeof channelVendors;

export interface TextMessageProvider {
  readonly name: ChannelVendors['sms']['vendor'];
  /**
   * Returns the message to this number that carries the reference, when an attempt since `since` has sent it. Returns `unknown`
   * when there is a message since then whose text the provider does not keep.
   */
  find(
    message: Pick<TextMessage, 'to' | 'reference'>,
    since: Instant,
    call: CallContext,
  ): Promise<{ readonly id: string } | 'unknown' | undefined>;
  /** Sends the message. Not idempotent: the ledger calls `find` first when an earlier outcome is unknown. */
  send(message: TextMessage, call: CallContext): Promise<{ readonly id: string }>;
  /** Returns the status of a message that was sent, and the provider's error code when it failed. */
  statusOf(
    id: string,
    call: CallContext,
  ): Promise<{ readonly status: DeliveryStatus; readonly code?: string | undefined }>;
}

export interface EmailMessage {
  /** Derived from our idempotency key, with angle brackets. Receivers and journals deduplicate by it. */
  readonly messageId: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** An iMIP part (RFC 6047). The method must equal the METHOD inside the calendar. */
  readonly calendar?: { readonly method: 'REQUEST' | 'CANCEL'; readonly content: string } | undefined;
}

export interface EmailProvider {
  readonly name: ChannelVendors['email']['vendor'];
  /**
   * Looks for a message by its id in the configured journal mailbox. Returns `unknown` without a journal, because SMTP
   * has no query.
   */
  find(messageId: string, call: CallContext): Promise<'sent' | 'not_sent' | 'unknown'>;
  /**
   * Sends the message. `beforeHandover` is awaited after the server has accepted the recipient and before it can accept
   * the message: until it resolves, the message has certainly not been sent.
   */
  send(message: EmailMessage, beforeHandover: () => Promise<void>, call: CallContext): Promise<void>;
}
