/** Who has let an app in, as the page shows it: the latest first. */
import type { Grant } from '../oauth/grants.ts';

export const viewGrants = (grants: readonly Grant[]) =>
  grants
    .toReversed()
    .slice(0, 30)
    .map(({ account, scopes, revoked }) => ({ account, scopes: scopes.join(' '), over: revoked }));
