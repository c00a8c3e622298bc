/** Stores sent and received messages, and advances sent messages from queued to delivered. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { TwilioSandboxSettings } from '../settings.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { createWebhookSender, type WebhookSender } from '../webhooks/webhook-sender.ts';
import { type ConnectionOverrides, connectionOverrides, endsAttempts } from './connection-overrides.ts';
import { nextStatus, type StoredMessage, storedMessageSchema } from './message.ts';
import { checkRecipient, deliveryFailure } from './numbers.ts';
import { signedForm, type WebhookParameters } from './webhook-call.ts';

const heldSchema = z.object({ messages: z.array(storedMessageSchema), optedOut: z.array(z.string()) });

interface Outgoing {
  readonly to: string;
  readonly from: string | undefined;
  readonly messagingServiceSid: string | undefined;
  readonly body: string;
  readonly statusCallback: string | undefined;
}

interface Incoming {
  readonly from: string;
  readonly to: string;
  readonly body: string;
  /** The webhook address. Undefined sends no webhook. */
  readonly url: string | undefined;
}

export interface Messages {
  /**
   * Stores a message and starts its delivery.
   *
   * @throws {TwilioError} for a refused number.
   */
  send(outgoing: Outgoing): StoredMessage;
  /** Receives a text from a phone. STOP opts the number out and START opts it in, as Twilio does. */
  receive(incoming: Incoming): Promise<{ readonly sid: string; readonly webhook: string }>;
  get(sid: string): StoredMessage | undefined;
  /** Returns the messages, newest first. */
  all(): readonly StoredMessage[];
  optedOut(): readonly string[];
  readonly save: () => z.infer<typeof heldSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
  close(): void;
}

const stopWords = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT']);
const startWords = new Set(['START', 'YES', 'UNSTOP']);

const callbackParameters = (message: StoredMessage, settings: TwilioSandboxSettings): WebhookParameters => ({
  AccountSid: settings.accountSid,
  ApiVersion: '2010-04-01',
  From: message.from,
  To: message.to,
  MessageSid: message.sid,
  MessageStatus: message.status,
  SmsSid: message.sid,
  SmsStatus: message.status,
  ...(message.messagingServiceSid === null ? {} : { MessagingServiceSid: message.messagingServiceSid }),
  ...(message.errorCode === null ? {} : { ErrorCode: String(message.errorCode) }),
});

const newMessage = (direction: StoredMessage['direction'], now: number) => ({
  sid: `SM${randomBytes(16).toString('hex')}`,
  direction,
  errorCode: null,
  created: now,
  updated: now,
  sent: null,
  callbacks: [],
});

/** Creates a store without messages. */
export const createMessages = (parts: VendorDependencies<TwilioSandboxSettings>): Messages => {
  const { settings, clock, changeNotifier } = parts;
  const messages = new Map<string, StoredMessage>();
  const optedOut = new Set<string>();
  /** The pending reports by message. The reports of one message are sent in order. */
  const reports = new Map<string, Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  /** One sender for each set of overrides, which say when a call is repeated. */
  let senders = new Map<string, WebhookSender>();
  const openSender = (overrides: ConnectionOverrides) =>
    createWebhookSender(
      parts,
      { vendor: 'twilio', operation: 'status.callback' },
      {
        retryMs: settings.callbackRetryMs.slice(0, overrides.retries),
        answersWithinMs: settings.callbackTimeoutMs,
        repeatsUnless: (status) => endsAttempts(overrides, status),
      },
    );
  const senderFor = (overrides: ConnectionOverrides): WebhookSender => {
    const key = [overrides.retries, ...overrides.policy].join();
    const sender = senders.get(key) ?? openSender(overrides);
    senders.set(key, sender);
    return sender;
  };

  const put = (message: StoredMessage) => {
    messages.set(message.sid, message);
    changeNotifier.notify();
  };
  const patch = (sid: string, change: (message: StoredMessage) => StoredMessage) => {
    const message = messages.get(sid);
    if (message) put(change(message));
  };

  const queueReport = (message: StoredMessage) => {
    const { sid, status, statusCallback } = message;
    if (statusCallback === null) return;
    const overrides = connectionOverrides(statusCallback);
    const sender = senderFor(overrides);
    const sendAfter = async (previous: Promise<void> | undefined) => {
      await previous;
      const parameters = callbackParameters(message, settings);
      const outcome = await sender.send(signedForm(settings.authToken, overrides.url, parameters));
      patch(sid, (held) => ({ ...held, callbacks: [...held.callbacks, `${status} ${outcome}`] }));
    };
    const queued = sendAfter(reports.get(sid));
    reports.set(sid, queued);
    void queued.finally(() => {
      if (reports.get(sid) === queued) reports.delete(sid);
    });
  };

  const step = (sid: string) => {
    const message = messages.get(sid);
    if (!message) return;
    const failure = deliveryFailure(message.to);
    const status = nextStatus(message.status, failure?.status);
    if (status === undefined) return;
    const now = clock();
    const next: StoredMessage = {
      ...message,
      status,
      updated: now,
      sent: status === 'sent' ? now : message.sent,
      errorCode: status === failure?.status ? failure.code : message.errorCode,
    };
    put(next);
    queueReport(next);
    schedule(next);
  };
  const schedule = (message: StoredMessage) => {
    if (nextStatus(message.status) === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      step(message.sid);
    }, settings.statusDelayMs);
    timers.add(timer.unref());
  };

  const stop = () => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    for (const sender of senders.values()) sender.close();
    reports.clear();
  };

  return {
    send({ to, from, messagingServiceSid, body, statusCallback }) {
      checkRecipient(to, optedOut);
      const message: StoredMessage = {
        ...newMessage('outbound-api', clock()),
        to,
        from: from ?? settings.phoneNumber,
        messagingServiceSid: messagingServiceSid ?? null,
        body,
        status: messagingServiceSid === undefined ? 'queued' : 'accepted',
        statusCallback: statusCallback ?? null,
      };
      put(message);
      schedule(message);
      return message;
    },
    async receive({ from, to, body, url }) {
      const word = body.trim().toUpperCase();
      if (stopWords.has(word)) optedOut.add(from);
      if (startWords.has(word)) optedOut.delete(from);
      const message: StoredMessage = {
        ...newMessage('inbound', clock()),
        to,
        from,
        messagingServiceSid: settings.messagingServiceSid,
        body,
        status: 'received',
        statusCallback: null,
      };
      put(message);
      if (url === undefined) return { sid: message.sid, webhook: 'no webhook configured' };
      const parameters = {
        ...callbackParameters(message, settings),
        Body: body,
        NumMedia: '0',
        NumSegments: '1',
        SmsMessageSid: message.sid,
      };
      const overrides = connectionOverrides(url);
      const outcome = await senderFor(overrides).post(
        signedForm(settings.authToken, overrides.url, parameters),
      );
      patch(message.sid, (held) => ({ ...held, callbacks: [`received ${outcome}`] }));
      return { sid: message.sid, webhook: outcome };
    },
    get: (sid) => messages.get(sid),
    all: () => [...messages.values()].toReversed(),
    optedOut: () => [...optedOut],
    save: () => ({ messages: [...messages.values()], optedOut: [...optedOut] }),
    load(value) {
      const held = heldSchema.parse(value);
      for (const number of held.optedOut) optedOut.add(number);
      for (const message of held.messages) {
        messages.set(message.sid, message);
        schedule(message);
      }
    },
    reset() {
      stop();
      senders = new Map();
      messages.clear();
      optedOut.clear();
      changeNotifier.notify();
    },
    close: stop,
  };
};
