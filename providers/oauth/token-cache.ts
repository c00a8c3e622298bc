/** Access tokens in the memory of one process. */
import type { ConnectionId } from '../../domain/ids.ts';

export interface CachedToken {
  readonly value: string;
  /** Of the connection's row when it was stored. */
  readonly version: number;
}

export interface TokenCache {
  /** The newest one that lasts. */
  get(id: ConnectionId): CachedToken | undefined;
  put(id: ConnectionId, token: CachedToken, lastsMs: number): CachedToken;
  /** Drops this version and older ones. */
  drop(id: ConnectionId, version: number): void;
}

/** The one used longest ago makes room. */
const maxCachedTokens = 2_000;

/** @param marginMs how much longer a token must last. */
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
