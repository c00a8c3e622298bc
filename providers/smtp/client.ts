/** Sends messages through nodemailer's pool of SMTP connections. https://nodemailer.com/smtp/pooled */
import { Readable } from 'node:stream';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { parseConnectionUrl } from 'nodemailer/lib/shared';
import {
  connectTimeoutMs,
  messagesPerConnection,
  replyTimeoutMs,
  type SmtpSettings,
  smtpConnections,
} from './settings.ts';
import { createUtf8Offer } from './utf8-offer.ts';

export interface SmtpClient {
  /**
   * Sends one message. `beforeLastByte` is awaited after the server has accepted the recipient and requested the message,
   * and before the end of the message is written. When it rejects, the connection is dropped, and the server must discard
   * the unfinished message (RFC 5321, section 4.1.1.4).
   *
   * @param signal must not be shared with another message.
   */
  send(message: SendMailOptions, signal: AbortSignal, beforeLastByte: () => Promise<void>): Promise<void>;
  /**
   * Returns whether the server offers SMTPUTF8 (RFC 6531), without which it must not get an address outside ASCII. Connects to read the
   * offer; the answer is kept for five minutes.
   */
  offersUtf8(signal: AbortSignal): Promise<boolean>;
  /** Connects and, with credentials, logs in. */
  verify(): Promise<void>;
  close(): void;
}

/** Creates the pool; it connects with the first message. */
export const createSmtpClient = (settings: SmtpSettings): SmtpClient => {
  const connection = {
    requireTLS: settings.requireTls,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: replyTimeoutMs,
  };
  const transport = createTransport({
    ...connection,
    pool: true,
    url: settings.url,
    maxConnections: smtpConnections,
    maxMessages: messagesPerConnection,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // The library copies a message; only its signal keeps its identity, so it is the key of the hooks.
  const beforeLastByteHooks = new WeakMap<AbortSignal, () => Promise<void>>();
  transport.use('stream', (mail, done) => {
    const hook = mail.data.signal && beforeLastByteHooks.get(mail.data.signal);
    if (!hook) return done(new Error('the message has no hand-over hook; send it with SmtpClient.send'));
    mail.message.processFunc((input) => Readable.from(holdBackLastChunk(input, hook)));
    return done();
  });
  return {
    send: async (message, signal, beforeLastByte) => {
      beforeLastByteHooks.set(signal, beforeLastByte);
      await transport.sendMail({ ...message, signal });
    },
    offersUtf8: createUtf8Offer({ ...connection, ...parseConnectionUrl(settings.url) }),
    verify: async () => {
      await transport.verify();
    },
    close: () => transport.close(),
  };
};

/**
 * Yields the message and waits for `beforeLast` before the last chunk. The library requests the first chunk only when the
 * server is ready for the message.
 */
async function* holdBackLastChunk(
  input: AsyncIterable<Buffer>,
  beforeLast: () => Promise<void>,
): AsyncGenerator<Buffer> {
  let heldBack: Buffer | undefined;
  for await (const chunk of input) {
    if (heldBack) yield heldBack;
    heldBack = chunk;
  }
  await beforeLast();
  if (heldBack) yield heldBack;
}
