/**
 * Queries the journal, a mailbox with a copy of every sent message. SMTP itself has no query. The journal must implement
 * the REST API of maildev: https://github.com/maildev/maildev/blob/master/docs/rest.md
 */
import { request } from 'undici';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { faultOf, httpRows, providerError } from '../errors/error-table.ts';
import { transportError, withDeadline } from '../errors/transport-errors.ts';
import { operationOf } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { journalDeadlineMs } from './settings.ts';

export interface MailJournal {
  /**
   * Returns whether the journal has a message with this id.
   *
   * @throws {ProviderError}
   */
  find(messageId: string, call: CallContext): Promise<'sent' | 'not_sent'>;
}

const findOperation = operationOf('smtp', 'email.find');

const mailsSchema = z.array(z.object({ headers: z.object({ 'message-id': z.string().optional() }) }));

/** Creates the client of the journal at `journalUrl`. */
export const createMailJournal = (journalUrl: string): MailJournal => ({
  find: async (messageId, call) => {
    try {
      const url = `${journalUrl}/email?${new URLSearchParams({ 'headers.message-id': messageId }).toString()}`;
      const answer = await request(url, { signal: withDeadline(call, journalDeadlineMs) });
      if (answer.statusCode !== 200) {
        await answer.body.dump();
        throw journalError(answer.statusCode);
      }
      const mails = mailsSchema.parse(await answer.body.json());
      return mails.some(
        ({ headers }) => withoutAngleBrackets(headers['message-id']) === withoutAngleBrackets(messageId),
      )
        ? 'sent'
        : 'not_sent';
    } catch (error) {
      throw error instanceof ProviderError ? error : transportError(findOperation, error, call);
    }
  },
});

const journalError = (status: number): ProviderError => {
  const failure = { status, message: 'the journal could not be queried' };
  return providerError(findOperation, faultOf(httpRows, failure, findOperation), failure);
};

/** Some tools keep the angle brackets of a Message-ID, others remove them. */
const withoutAngleBrackets = (messageId: string | undefined): string | undefined =>
  messageId?.replace(/^<|>$/g, '');
