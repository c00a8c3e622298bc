/** Caches access tokens in the memory of one process. */
import type { ConnectionId } from '../../domain/ids.ts';

export interface CachedToken {
  readonly value: string;
  /** The version of the connection's row when the token was stored. */
  readonly version: number;
}

export interface TokenCache {
  /** Returns the token, unless it expires within the margin. */
  get(id: ConnectionId): CachedToken | undefined;
  put(id: ConnectionId, token: CachedToken, lastsMs: number): CachedToken;
  /** Drops the token when it has this version or an older one. */
  drop(id: ConnectionId, version: number): void;
}

/** Beyond this number, the least recently used token is dropped. */
const maxCachedTokens = 2_000;

/**
 * Creates an empty cache.
 *
 * @param marginMs the remaining lifetime of a usable token.
 */
export const createTokenCache = (marginMs: number, now = Date.now): TokenCache => {
  const tokens = new Map<ConnectionId, CachedToken & { readonly usableUntil: number }>();
  return {
    get: (id) => {
      const token = tokens.get(id);
      if (!token) return undefined;
      tokens.delete(id);
      if (token.usableUntil <= now()) return undefined;
      tokens.set(id, token);
      return token;
    },
    put: (id, token, lastsMs) => {
      tokens.delete(id);
      tokens.set(id, { ...token, usableUntil: now() + lastsMs - marginMs });
      const [oldest] = tokens.keys();
      if (tokens.size > maxCachedTokens && oldest !== undefined) tokens.delete(oldest);
      return token;
    },
    drop: (id, version) => {
      const token = tokens.get(id);
      if (token && token.version <= version) tokens.delete(id);
    },
  };
};
