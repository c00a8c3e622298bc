/** Access tokens in the memory of one process. */
import type { ConnectionId } from '../../domain/ids.ts';

export interface HeldToken {
  readonly value: string;
  /** Of the connection's row when it was stored. */
  readonly version: number;
}

export interface HeldTokens {
  /** The newest one that lasts. */
  get(id: ConnectionId): HeldToken | undefined;
  put(id: ConnectionId, token: HeldToken, lastsMs: number): HeldToken;
  /** Drops this version and older ones. */
  drop(id: ConnectionId, version: number): void;
}

/** The one used longest ago makes room. */
const heldAtMost = 2_000;

/** @param marginMs how much longer a token must last. */
export const createHeldTokens = (marginMs: number, now = Date.now): HeldTokens => {
  const tokens = new Map<ConnectionId, HeldToken & { readonly usableUntil: number }>();
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
      if (tokens.size > heldAtMost && oldest !== undefined) tokens.delete(oldest);
      return token;
    },
    drop: (id, version) => {
      const token = tokens.get(id);
      if (token && token.version <= version) tokens.delete(id);
    },
  };
};
