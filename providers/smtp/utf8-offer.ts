/** Reads whether the mail server offers SMTPUTF8. The library sends an address outside ASCII also without the offer. */
import type { SMTPConnectionOptions } from 'nodemailer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { utf8OfferLifetimeMs } from './settings.ts';

/** Returns the function that asks the server, and keeps the answer. */
export const createUtf8Offer = (
  options: SMTPConnectionOptions,
): ((signal: AbortSignal) => Promise<boolean>) => {
  let known: { readonly isOffered: boolean; readonly untilMs: number } | undefined;
  return async (signal) => {
    if (known && known.untilMs > Date.now()) return known.isOffered;
    const isOffered = await readOffer(options, signal);
    known = { isOffered, untilMs: Date.now() + utf8OfferLifetimeMs };
    return isOffered;
  };
};

/** Rejects with an error of the library, or with the reason of the signal. */
const readOffer = async (options: SMTPConnectionOptions, signal: AbortSignal): Promise<boolean> => {
  signal.throwIfAborted();
  const connection = new SMTPConnection(options);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  // After the reply to the last EHLO: with STARTTLS, the offer counts that the server makes inside TLS.
  connection.connect((error) => {
    if (error) reject(error);
    else resolve(/^250[ -]SMTPUTF8\b/im.test(connection.lastServerResponse || ''));
  });
  connection.once('error', reject);
  connection.once('end', () => reject(new Error('the mail server has closed the connection')));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    // An error after the answer has no listener otherwise, and would end the process.
    connection.on('error', () => {});
    connection.quit();
    connection.close();
  }
};
