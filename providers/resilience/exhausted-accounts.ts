/** Accounts whose quota is spent by their vendor's own word, whichever of our processes it was told. */
import type { QuotaStore } from '../../domain/providers/quota-store.ts';

/** How long another process's word that an account is closed may take to reach this one. */
const refreshIntervalMs = 5_000;
export interface ExhaustedAccounts {
  untilMs(provider: string, account: string): Promise<number | undefined>;
  add(provider: string, account: string, untilMs: number): Promise<void>;
}

export const createExhaustedAccounts = (
  book: Pick<QuotaStore, 'markExhausted' | 'listExhausted'>,
  now: () => number,
): ExhaustedAccounts => {
  let known = new Map<string, number>();
  let asked: { readonly at: number; readonly answer: Promise<void> } | undefined;

  const read = async (at: number): Promise<void> => {
    const closed = await book.listExhausted(at);
    known = new Map(closed.map(({ provider, account, untilMs }) => [keyOf(provider, account), untilMs]));
  };
  const refresh = async (): Promise<void> => {
    const at = now();
    if (!asked || at - asked.at >= refreshIntervalMs || at < asked.at) asked = { at, answer: read(at) };
    try {
      await asked.answer;
    } catch (error) {
      asked = undefined;
      throw error;
    }
  };
  return {
    untilMs: async (provider: string, account: string): Promise<number | undefined> => {
      await refresh();
      const untilMs = known.get(keyOf(provider, account));
      return untilMs !== undefined && untilMs > now() ? untilMs : undefined;
    },
    add: async (provider: string, account: string, untilMs: number): Promise<void> => {
      known.set(keyOf(provider, account), untilMs);
      await book.markExhausted(provider, account, untilMs);
    },
  };
};

const keyOf = (provider: string, account: string): string => `${provider} ${account}`;
