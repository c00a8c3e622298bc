/** How an attempt finds out whether an earlier one sent its email. */
import type { CallContext, Providers } from '../../providers/ports.ts';
import type { EarlierAttempt, SearchResult } from '../effects/steps.ts';

/**
 * Returns the `find` step of `effectOnce` for an email. An email that was never handed over was not sent. After that the
 * journal mailbox decides.
 * @param result of an email that was sent.
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
