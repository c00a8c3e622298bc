/**
 * Puts the call path of one process together: what it sees goes to metrics and log, and to the database, where the
 * other processes and the health page find it.
 */
import { hostname } from 'node:os';
import { ProviderError } from '../../domain/errors.ts';
import type { CircuitState, SeenOfProvider } from '../../domain/providers/circuit.ts';
import type { QuotaBook } from '../../domain/providers/quota-book.ts';
import { type VendorName, vendorNames } from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { catalog, type OperationFacts } from '../catalog.ts';
import type { Providers, SharedAccounts } from '../ports.ts';
import { type CallObserver, createCallPath } from './call-path.ts';
import { throughCallPath } from './call-path-providers.ts';
import { shortly } from './circuit.ts';
import { type CircuitChange, createCircuits } from './circuits.ts';
import { createQuotaGuard } from './quota-guard.ts';
import { type QuotaLimits, quotasWith } from './quotas.ts';
import type { QuotaUse } from './rate-limiter.ts';

export interface CallMetrics {
  /** `outcome` is `ok` or the kind of the fault. */
  providerCalled(call: {
    readonly provider: string;
    readonly operation: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** A call that was not made. */
  callHeldBack(call: {
    readonly provider: string;
    readonly operation: string;
    readonly reason: string;
  }): void;
  /** `accountsHeldBack`: single accounts whose own circuit is not closed. */
  circuitIs(circuit: {
    readonly provider: string;
    readonly state: string;
    readonly accountsHeldBack: number;
  }): void;
  quotaUsed(use: { readonly provider: string; readonly quota: string; readonly ratio: number }): void;
}

interface HealthBook {
  note(seen: SeenOfProvider): Promise<void>;
}

export interface GuardParts {
  readonly quotaBook: QuotaBook;
  readonly healthBook: HealthBook;
  readonly limits: QuotaLimits;
  readonly accounts: SharedAccounts;
  readonly metrics: CallMetrics;
  readonly logger: {
    warn(about: Readonly<Record<string, unknown>>, message: string): void;
    info(about: Readonly<Record<string, unknown>>, message: string): void;
  };
  /** `worker`, `api`. */
  readonly process: string;
}

/** Behaves as `providers` does, but for calls that are held back by an open circuit or a spent quota. */
export const guardProviders = (providers: Providers, parts: GuardParts): Providers => {
  const health = createHealthNotes(parts);
  const watch = watchCircuits(parts, health);
  for (const provider of vendorNames.filter(hasCircuit)) {
    parts.metrics.circuitIs({ provider, state: 'closed', accountsHeldBack: 0 });
  }
  const path = createCallPath({
    circuits: createCircuits(watch),
    quotas: createQuotaGuard({
      book: parts.quotaBook,
      quotas: quotasWith(parts.limits),
      onUse: (use) => tellOfUse(parts, use),
    }),
    observer: createObserver(parts, health),
  });
  return throughCallPath(providers, path, parts.accounts);
};

const hasCircuit = (provider: VendorName): boolean =>
  Object.values<OperationFacts>(catalog[provider].operations).some(({ circuit }) => circuit);

const createObserver = ({ metrics }: GuardParts, health: HealthNotes): CallObserver => ({
  called: ({ error, ...call }) => {
    metrics.providerCalled(call);
    health.called(call.provider, error);
  },
  heldBack: (call) => metrics.callHeldBack(call),
});

const tellOfUse = ({ metrics, logger }: GuardParts, { provider, quota, used, limit, warns }: QuotaUse) => {
  metrics.quotaUsed({ provider, quota, ratio: used / limit });
  if (warns) logger.warn({ provider, quota, used, limit }, 'most of a quota is used');
};

const watchCircuits = ({ metrics, logger }: GuardParts, health: HealthNotes) => {
  const heldBack = new Map<VendorName, Set<string>>();
  const whole = new Map<VendorName, CircuitState>();
  return ({ provider, connection, state, open }: CircuitChange): void => {
    const accounts = heldBack.get(provider) ?? new Set();
    heldBack.set(provider, accounts);
    if (connection === undefined) whole.set(provider, state);
    else if (state === 'closed') accounts.delete(connection);
    else accounts.add(connection);
    metrics.circuitIs({
      provider,
      state: whole.get(provider) ?? 'closed',
      accountsHeldBack: accounts.size,
    });
    const about = { provider, connection, circuit: state, until: open && toInstant(open.untilMs) };
    if (state === 'open') logger.warn({ ...about, last: open?.lastFailure }, 'a circuit opened');
    else if (state === 'closed') logger.info(about, 'a circuit closed: calls are made again');
    health.circuit(provider, connection, state, open?.untilMs);
  };
};

/** A provider's row is written at most this often, unless its circuit changes. */
const notedEveryMs = 10_000;

interface HealthNotes {
  called(provider: VendorName, error: unknown): void;
  circuit(
    provider: VendorName,
    connection: string | undefined,
    state: CircuitState,
    untilMs: number | undefined,
  ): void;
}

interface Noted {
  readonly circuit: CircuitState;
  readonly opensAgainAt?: Instant | undefined;
  readonly lastSuccessAt?: Instant | undefined;
  readonly lastFailureAt?: Instant | undefined;
  readonly lastFailure?: string | undefined;
}

/** Nobody waits for a note, and one that cannot be written is missed by nobody but the health page. */
const createHealthNotes = ({ healthBook, logger, process: kind }: GuardParts): HealthNotes => {
  const process = `${kind}@${hostname()}:${globalThis.process.pid}`;
  const notes = new Map<VendorName, Noted>();
  const writtenAt = new Map<VendorName, number>();

  const write = (provider: VendorName, connection: string | undefined, noted: Noted): void => {
    void healthBook.note({ provider, connection, process, ...noted }).catch((err: unknown) => {
      logger.info({ provider, err }, 'the health of a provider could not be noted');
    });
  };
  const update = (provider: VendorName, change: Partial<Noted>, isUrgent: boolean): void => {
    const noted: Noted = { circuit: 'closed', ...notes.get(provider), ...change };
    notes.set(provider, noted);
    const now = Date.now();
    if (!isUrgent && now - (writtenAt.get(provider) ?? -Infinity) < notedEveryMs) return;
    writtenAt.set(provider, now);
    write(provider, undefined, noted);
  };

  return {
    called: (provider, error) => {
      const at = toInstant(Date.now());
      if (error === undefined) update(provider, { lastSuccessAt: at }, false);
      else if (error instanceof ProviderError) {
        update(provider, { lastFailureAt: at, lastFailure: shortly(error) }, false);
      }
    },
    circuit: (provider, connection, circuit, untilMs) => {
      const opensAgainAt = untilMs === undefined ? undefined : toInstant(untilMs);
      if (connection === undefined) update(provider, { circuit, opensAgainAt }, true);
      else write(provider, connection, { circuit, opensAgainAt });
    },
  };
};
