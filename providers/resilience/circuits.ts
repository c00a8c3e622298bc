/**
 * Keeps the circuits of one process: one for each group of operations of each provider, and, where calls are made with
 * connections, one per group and connection. A single failing calendar account opens only its own circuit; Google's opens when
 * several accounts fail in a row. A call without a connection uses an account of this service, such as a host at Zoom: its failures
 * always count against the provider.
 */
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { CircuitState } from '../../domain/providers/observation.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import { hasCircuit, type OperationGroup } from '../operation-groups.ts';
import type { CallOperation } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { type Circuit, createCircuit, failuresToOpen, type OpenCircuit } from './circuit.ts';
import { failureSignalOf } from './failure-signal.ts';
import { formatUtcTime, rejectionCodes } from './rejected-call.ts';

export interface CircuitChange {
  readonly provider: VendorName;
  readonly group: OperationGroup;
  /** Undefined: the circuit of the whole provider. */
  readonly connection: ConnectionId | undefined;
  readonly state: CircuitState;
  readonly open: OpenCircuit | undefined;
}

export interface Circuits {
  /**
   * Makes the call, unless a circuit is open.
   *
   * @throws {ProviderError} `outage`, without effect and with `circuit: 'open'`, while a circuit is open.
   */
  run<Result>(
    operation: CallOperation,
    connection: ConnectionId | undefined,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result>;
}

/** The number of failing accounts from which failures count against the provider. */
const failingAccountsToOpen = 2;
/** An account without a call for this time no longer counts as failing. Longer than a circuit stays open. */
const failingAccountTtlMs = 15 * 60_000;

interface FailingAccount {
  readonly circuit: Circuit;
  readonly lastAt: number;
}

interface ProviderCircuit {
  readonly shared: Circuit;
  /** Connections whose last call showed a failing provider. A healthy outcome removes the connection and its circuit. */
  readonly failingAccounts: Map<ConnectionId, FailingAccount>;
}

/** Creates the circuits; `onChange` is called at each change of state. */
export const createCircuits = (
  onChange: (change: CircuitChange) => void,
  random: () => number = Math.random,
): Circuits => {
  const circuits = new Map<string, ProviderCircuit>();

  const create = (operation: CallOperation): ProviderCircuit => {
    const { provider, group } = operation;
    const shared = createCircuit({
      onChange: (state, open) => onChange({ provider, group, connection: undefined, state, open }),
      random,
    });
    const created: ProviderCircuit = { shared, failingAccounts: new Map() };
    circuits.set(circuitNameOf(operation), created);
    return created;
  };

  const recordFailure = (
    { failingAccounts }: ProviderCircuit,
    operation: CallOperation,
    id: ConnectionId,
    own: Circuit,
  ) => {
    const now = Date.now();
    failingAccounts.set(id, { circuit: own, lastAt: now });
    for (const [connection, { circuit, lastAt }] of failingAccounts) {
      if (now - lastAt < failingAccountTtlMs) continue;
      failingAccounts.delete(connection);
      if (circuit.state() === 'closed') continue;
      const { provider, group } = operation;
      onChange({ provider, group, connection, state: 'closed', open: undefined });
    }
  };

  const runForConnection = async <Result>(
    providerCircuit: ProviderCircuit,
    operation: CallOperation,
    connection: ConnectionId,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const { shared, failingAccounts } = providerCircuit;
    const { provider, group } = operation;
    const own =
      failingAccounts.get(connection)?.circuit ??
      createCircuit({
        onChange: (state, open) => onChange({ provider, group, connection, state, open }),
        random,
      });
    const performForConnection = async () => {
      try {
        const result = await own.run(call, perform);
        failingAccounts.delete(connection);
        return result;
      } catch (error) {
        const failure = failureSignalOf(error, call);
        if (failure === 'failing') recordFailure(providerCircuit, operation, connection, own);
        if (failure === 'healthy') failingAccounts.delete(connection);
        throw error;
      }
    };
    return shared.run(call, performForConnection, () => failingAccounts.size >= failingAccountsToOpen);
  };

  return {
    run: async (operation, connection, call, perform) => {
      if (!hasCircuit(operation.group)) return perform();
      const circuit = circuits.get(circuitNameOf(operation)) ?? create(operation);
      const providerBlock = circuit.shared.blockedUntil();
      if (providerBlock) throw circuitOpenError(operation, providerBlock, circuitNameOf(operation));
      if (connection === undefined) return circuit.shared.run(call, perform);
      const accountBlock = circuit.failingAccounts.get(connection)?.circuit.blockedUntil();
      if (accountBlock)
        throw circuitOpenError(operation, accountBlock, `this account at ${circuitNameOf(operation)}`);
      return runForConnection(circuit, operation, connection, call, perform);
    },
  };
};

/** Returns a name such as `google.meetings`. */
const circuitNameOf = ({ provider, group }: CallOperation): string => `${provider}.${group}`;

const circuitOpenError = (
  { provider, name }: CallOperation,
  { untilMs, lastFailure }: OpenCircuit,
  failing: string,
): ProviderError =>
  new ProviderError(
    provider,
    name,
    { kind: 'outage', effect: 'none', delayMs: Math.max(untilMs - Date.now(), 1), circuit: 'open' },
    {
      code: rejectionCodes.circuit,
      message: `not called: ${failing} has failed ${failuresToOpen} times or more in a row, last with ${lastFailure}; the next call is allowed at ${formatUtcTime(untilMs)}`,
    },
  );
