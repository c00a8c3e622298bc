/** Determines whether an earlier attempt sent its email. */
import type { CallContext, Providers } from '../../providers/ports.ts';
import type { EarlierAttempt, SearchResult } from '../effects/steps.ts';

/**
 * Returns the `find` step of `effectOnce` for an email. An email that was never handed over was not sent. For an email
 * that was handed over, the journal mailbox decides.
 * @param result the result to return for an email that was sent.
 */
export const sentEmailFinder =
  <Result>(email: Pick<Providers['email'], 'find'>, messageId: string, result: Result) =>
  async ({ handedOver }: EarlierAttempt, call: CallContext): Promise<SearchResult<Result>> => {
    if (!handedOver) return { kind: 'absent' };
    switch (await email.find(messageId, call)) {
      case 'sent':
        return { kind: 'found', result, surplus: [] };
      case 'not_sent':
        return { kind: 'absent' };
      case 'unknown':
        return { kind: 'unknowable' };
    }
  };
