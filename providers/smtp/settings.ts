/** The mail server's facts. */

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly from: string;
  /** A mailbox that keeps a copy of everything, read over maildev's REST API: `http://host:1080/api`. */
  readonly journalUrl?: string | undefined;
}

/** One message, from the queue of the pool to the server's last word. */
export const smtpDeadlineMs = 30_000;
export const connectTimeoutMs = 10_000;
export const socketTimeoutMs = 20_000;

export const smtpConnections = 5;
export const messagesPerConnection = 100;
export const journalDeadlineMs = 5_000;
