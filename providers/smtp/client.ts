/** The client library's pool of SMTP connections. https://nodemailer.com/smtp/pooled */
import { Readable } from 'node:stream';
import { createTransport, type SendMailOptions } from 'nodemailer';
import {
  connectTimeoutMs,
  messagesPerConnection,
  replyTimeoutMs,
  type SmtpSettings,
  smtpConnections,
} from './settings.ts';

export interface SmtpClient {
  /**
   * Sends one message, under a signal of its own. `beforeLastByte` is awaited once the server has accepted the
   * recipient and asked for the message, and before its end is written; when it rejects, the connection is dropped,
   * and a server must throw an unfinished message away (RFC 5321, section 4.1.1.4).
   */
  send(message: SendMailOptions, signal: AbortSignal, beforeLastByte: () => Promise<void>): Promise<void>;
  /** Connects and, where there are credentials, logs in. */
  verify(): Promise<void>;
  close(): void;
}

export const createSmtpClient = (settings: SmtpSettings): SmtpClient => {
  const transport = createTransport({
    pool: true,
    url: settings.url,
    maxConnections: smtpConnections,
    maxMessages: messagesPerConnection,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: replyTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // A message is copied on its way through the library; its signal is the one thing that arrives as it was.
  const beforeLastByteHooks = new WeakMap<AbortSignal, () => Promise<void>>();
  transport.use('stream', (mail, done) => {
    const gate = mail.data.signal && beforeLastByteHooks.get(mail.data.signal);
    if (!gate) return done(new Error('a message without a gate must not be sent'));
    mail.message.processFunc((input) => Readable.from(holdBackLastChunk(input, gate)));
    return done();
  });
  return {
    send: async (message, signal, beforeLastByte) => {
      beforeLastByteHooks.set(signal, beforeLastByte);
      await transport.sendMail({ ...message, signal });
    },
    verify: async () => {
      await transport.verify();
    },
    close: () => transport.close(),
  };
};

/**
 * The message with its last piece held back. Nothing is read before the library asks for the first piece, and that it
 * does only when the server is ready for the message.
 */
async function* holdBackLastChunk(
  input: AsyncIterable<Buffer>,
  open: () => Promise<void>,
): AsyncGenerator<Buffer> {
  let held: Buffer | undefined;
  for await (const piece of input) {
    if (held) yield held;
    held = piece;
  }
  await open();
  if (held) yield held;
}
