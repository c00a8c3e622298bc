/**
 * The circuits of one process: one per provider, and at Google one per connection within it. A single calendar account
 * that fails opens its own circuit only; Google's opens when several accounts fail in a row.
 */
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { CircuitState } from '../../domain/providers/observation.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { CallOperation } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { type Circuit, createCircuit, failuresToOpen, type OpenCircuit } from './circuit.ts';
import { failureSignalOf } from './failure-signal.ts';
import { formatUtcTime, rejectionCodes } from './rejected-call.ts';

export interface CircuitChange {
  readonly provider: VendorName;
  /** Undefined: the provider's as a whole. */
  readonly connection: ConnectionId | undefined;
  readonly state: CircuitState;
  readonly open: OpenCircuit | undefined;
}

export interface Circuits {
  /** Makes the call, or throws a `ProviderError` (`outage`, without effect, `circuit: 'open'`) in its place. */
  run<Result>(
    operation: CallOperation,
    connection: ConnectionId | undefined,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result>;
}

/** So many accounts must fail before it is taken to be the provider. */
const failingAccountsToOpen = 2;
/** An account that nobody has called for so long tells nothing of the provider any more. Longer than any circuit is open. */
const failingAccountTtlMs = 15 * 60_000;

interface FailingAccount {
  readonly circuit: Circuit;
  readonly lastAt: number;
}

interface ProviderCircuit {
  readonly shared: Circuit;
  /** Connections whose last call said ill. One that said well takes its connection out: a new circuit is as good. */
  readonly failingAccounts: Map<ConnectionId, FailingAccount>;
}

export const createCircuits = (
  onChange: (change: CircuitChange) => void,
  random: () => number = Math.random,
): Circuits => {
  const circuits = new Map<VendorName, ProviderCircuit>();

  const create = (provider: VendorName, hasConnections: boolean): ProviderCircuit => {
    const failingAccounts = new Map<ConnectionId, FailingAccount>();
    const shared = createCircuit({
      onChange: (state, open) => onChange({ provider, connection: undefined, state, open }),
      countsFailure: () => !hasConnections || failingAccounts.size >= failingAccountsToOpen,
      random,
    });
    const created = { shared, failingAccounts };
    circuits.set(provider, created);
    return created;
  };

  const recordFailure = (
    { failingAccounts }: ProviderCircuit,
    provider: VendorName,
    id: ConnectionId,
    own: Circuit,
  ) => {
    const now = Date.now();
    failingAccounts.set(id, { circuit: own, lastAt: now });
    for (const [connection, { circuit, lastAt }] of failingAccounts) {
      if (now - lastAt < failingAccountTtlMs) continue;
      failingAccounts.delete(connection);
      if (circuit.state() !== 'closed') onChange({ provider, connection, state: 'closed', open: undefined });
    }
  };

  const runForConnection = async <Result>(
    ofProvider: ProviderCircuit,
    { provider }: CallOperation,
    connection: ConnectionId,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const { shared, failingAccounts } = ofProvider;
    const own =
      failingAccounts.get(connection)?.circuit ??
      createCircuit({
        onChange: (state, open) => onChange({ provider, connection, state, open }),
        random,
      });
    return shared.run(call, async () => {
      try {
        const result = await own.run(call, perform);
        failingAccounts.delete(connection);
        return result;
      } catch (error) {
        const sign = failureSignalOf(error, call);
        if (sign === 'ill') recordFailure(ofProvider, provider, connection, own);
        if (sign === 'well') failingAccounts.delete(connection);
        throw error;
      }
    });
  };

  return {
    run: async (operation, connection, call, perform) => {
      const { provider } = operation;
      if (!operation.circuit) return perform();
      const circuit = circuits.get(provider) ?? create(provider, connection !== undefined);
      const ofAll = circuit.shared.blockedUntil();
      if (ofAll) throw circuitOpenError(operation, ofAll, provider);
      if (connection === undefined) return circuit.shared.run(call, perform);
      const ofOne = circuit.failingAccounts.get(connection)?.circuit.blockedUntil();
      if (ofOne) throw circuitOpenError(operation, ofOne, `this account at ${provider}`);
      return runForConnection(circuit, operation, connection, call, perform);
    },
  };
};

const circuitOpenError = (
  { provider, name }: CallOperation,
  { untilMs, lastFailure }: OpenCircuit,
  who: string,
): ProviderError =>
  new ProviderError(
    provider,
    name,
    { kind: 'outage', effect: 'none', delayMs: Math.max(untilMs - Date.now(), 1), circuit: 'open' },
    {
      code: rejectionCodes.circuit,
      message: `not called: ${who} has failed ${failuresToOpen} times or more in a row, last with ${lastFailure}; the next call may go through at ${formatUtcTime(untilMs)}`,
    },
  );
