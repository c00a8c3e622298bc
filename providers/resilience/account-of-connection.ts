/** Names the account whose quota the calls of a connection use. */
import type { ConnectedAccount } from '../ports.ts';
import type { CallAccount } from './call-path.ts';

/** Two organizations can connect one account. The vendor counts the requests of both together. */
export const ofConnection = ({
  id,
  organization,
  accountReference,
}: Pick<ConnectedAccount, 'id' | 'organization' | 'accountReference'>): CallAccount => ({
  account: accountReference ?? id,
  connection: id,
  organization,
});
