/** The mail server's facts. */

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly from: string;
  /** A mailbox that keeps a copy of everything, read over maildev's REST API: `http://host:1080/api`. */
  readonly journalUrl?: string | undefined;
}

/** One message, from the queue of the pool to the server's last word. */
export const smtpDeadlineMs = 55_000;
export const connectTimeoutMs = 10_000;
/**
 * Silence on the connection. The longest comes after the last piece of the message, while the server takes it over:
 * RFC 5321 (section 4.5.3.2.6) would have us wait ten minutes, so who hangs up earlier cannot know what became of it.
 */
export const replyTimeoutMs = 45_000;

export const smtpConnections = 5;
export const messagesPerConnection = 100;
export const journalDeadlineMs = 5_000;
