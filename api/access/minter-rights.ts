/** The rights of the holder of a link: those that its minter had when it created the link, and still has. */
import type { ApiKeys } from '../../db/access/api-keys.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { minute } from '../../domain/time/units.ts';
import type { LinkMinter } from '../../foundation/links/link-minter.ts';
import { mayCall } from './authentication.ts';
import type { Caller } from './caller.ts';
import type { VerifyToken } from './jwt-verifier.ts';

/** Returns whether the holder of a link may do what a route does, such as `DELETE /v1/connections/:id`. */
export type MinterRights = (route: string) => boolean;

const everything: MinterRights = () => true;
const nothing: MinterRights = () => false;

interface MintedLink {
  readonly organization: OrganizationId;
  readonly minter?: LinkMinter | undefined;
}

interface Minters {
  readonly repositories: { readonly apiKeys: Pick<ApiKeys, 'findHolder'> };
  /** Undefined when no issuer is configured. */
  readonly verifyToken?: VerifyToken | undefined;
}

/** The ids of keys, which `ApiKeys` makes. Any other id of a caller is the subject of a token. */
const isKey = ({ id }: LinkMinter): boolean => id.startsWith('key_');

/**
 * Returns the rights that a link gives now. A key that was revoked or moved to another organization gives none, and a role that was
 * changed gives no more than both roles. Links of this service, and those of versions that named no minter, have all of them.
 */
export const readMinterRights = async (
  { repositories: { apiKeys }, verifyToken }: Minters,
  { organization, minter }: MintedLink,
): Promise<MinterRights> => {
  if (minter === undefined || minter.role === 'service') return everything;
  const { role } = minter;
  if (!isKey(minter)) return verifyToken ? (route) => mayCall(role, route) : nothing;
  const holder = await apiKeys.findHolder(minter.id);
  if (holder?.organization !== organization) return nothing;
  return (route) => mayCall(role, route) && mayCall(holder.role, route);
};

/**
 * A token cannot be revoked, so a link that was requested with one ends with it. A person needs some time, and tokens can be valid for
 * seconds: ten minutes are also the time for which a withdrawn key of the issuer is still accepted.
 */
const leastLifetimeMs = 10 * minute;

/** Returns when a link ends that its minter wants to be valid for `lifetimeMs`. */
export const linkExpiry = (
  now: Instant,
  lifetimeMs: number,
  { expiresAt }: Pick<Caller, 'expiresAt'>,
): Instant => {
  const mintedAt = toEpochMs(now);
  const wanted = mintedAt + lifetimeMs;
  if (expiresAt === undefined) return toInstant(wanted);
  return toInstant(Math.min(wanted, Math.max(toEpochMs(expiresAt), mintedAt + leastLifetimeMs)));
};
