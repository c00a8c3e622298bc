/** Keeps the accounts whose vendor reported their quota as exhausted, to any of our processes. */
import type { QuotaStore } from '../../domain/providers/quota-store.ts';

/** How often the accounts that other processes have marked are read from the store. */
const refreshIntervalMs = 5_000;

export interface ExhaustedAccounts {
  /** Returns until when the account is exhausted (epoch milliseconds), or undefined. */
  untilMs(provider: string, account: string): Promise<number | undefined>;
  /** Marks an account as exhausted, for all processes. */
  add(provider: string, account: string, untilMs: number): Promise<void>;
}

/** Creates the view of one process; other processes' marks appear within 5 s. */
export const createExhaustedAccounts = (
  store: Pick<QuotaStore, 'markExhausted' | 'listExhausted'>,
  now: () => number,
): ExhaustedAccounts => {
  let exhausted = new Map<string, number>();
  let lastRead: { readonly at: number; readonly done: Promise<void> } | undefined;

  const read = async (at: number): Promise<void> => {
    const rows = await store.listExhausted(at);
    exhausted = new Map(rows.map(({ provider, account, untilMs }) => [keyOf(provider, account), untilMs]));
  };
  const refresh = async (): Promise<void> => {
    const at = now();
    if (!lastRead || at - lastRead.at >= refreshIntervalMs || at < lastRead.at) {
      lastRead = { at, done: read(at) };
    }
    try {
      await lastRead.done;
    } catch (error) {
      lastRead = undefined;
      throw error;
    }
  };
  return {
    untilMs: async (provider: string, account: string): Promise<number | undefined> => {
      await refresh();
      const untilMs = exhausted.get(keyOf(provider, account));
      return untilMs !== undefined && untilMs > now() ? untilMs : undefined;
    },
    add: async (provider: string, account: string, untilMs: number): Promise<void> => {
      exhausted.set(keyOf(provider, account), untilMs);
      await store.markExhausted(provider, account, untilMs);
    },
  };
};

const keyOf = (provider: string, account: string): string => `${provider} ${account}`;
