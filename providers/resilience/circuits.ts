/**
 * The circuits of one process: one per provider, and at Google one per connection within it. A single calendar account
 * that fails opens its own circuit only; Google's opens when several accounts fail in a row.
 */
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { CircuitState } from '../../domain/providers/circuit.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { CallOperation } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { type Circuit, createCircuit, failuresToOpen, type OpenCircuit } from './circuit.ts';
import { signOf } from './failure-signal.ts';
import { heldBackCodes, moment } from './rejected-call.ts';

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
const accountsToSuspect = 2;
/** An account that nobody has called for so long tells nothing of the provider any more. Longer than any circuit is open. */
const failingForMs = 15 * 60_000;

interface FailingAccount {
  readonly circuit: Circuit;
  readonly lastAt: number;
}

interface ProviderCircuit {
  readonly whole: Circuit;
  /** Connections whose last call said ill. One that said well takes its connection out: a new circuit is as good. */
  readonly failing: Map<ConnectionId, FailingAccount>;
}

export const createCircuits = (
  onChange: (change: CircuitChange) => void,
  random: () => number = Math.random,
): Circuits => {
  const circuits = new Map<VendorName, ProviderCircuit>();

  const create = (provider: VendorName, hasConnections: boolean): ProviderCircuit => {
    const failing = new Map<ConnectionId, FailingAccount>();
    const whole = createCircuit({
      onChange: (state, open) => onChange({ provider, connection: undefined, state, open }),
      counts: () => !hasConnections || failing.size >= accountsToSuspect,
      random,
    });
    const created = { whole, failing };
    circuits.set(provider, created);
    return created;
  };

  const noteFailing = (
    { failing }: ProviderCircuit,
    provider: VendorName,
    id: ConnectionId,
    own: Circuit,
  ) => {
    const now = Date.now();
    failing.set(id, { circuit: own, lastAt: now });
    for (const [connection, { circuit, lastAt }] of failing) {
      if (now - lastAt < failingForMs) continue;
      failing.delete(connection);
      if (circuit.state() !== 'closed') onChange({ provider, connection, state: 'closed', open: undefined });
    }
  };

  const runOn = async <Result>(
    ofProvider: ProviderCircuit,
    { provider }: CallOperation,
    connection: ConnectionId,
    call: CallContext,
    perform: () => Promise<Result>,
  ): Promise<Result> => {
    const { whole, failing } = ofProvider;
    const own =
      failing.get(connection)?.circuit ??
      createCircuit({
        onChange: (state, open) => onChange({ provider, connection, state, open }),
        random,
      });
    return whole.run(call, async () => {
      try {
        const result = await own.run(call, perform);
        failing.delete(connection);
        return result;
      } catch (error) {
        const sign = signOf(error, call);
        if (sign === 'ill') noteFailing(ofProvider, provider, connection, own);
        if (sign === 'well') failing.delete(connection);
        throw error;
      }
    });
  };

  return {
    run: async (operation, connection, call, perform) => {
      const { provider } = operation;
      if (!operation.circuit) return perform();
      const circuit = circuits.get(provider) ?? create(provider, connection !== undefined);
      const ofAll = circuit.whole.holds();
      if (ofAll) throw heldBack(operation, ofAll, provider);
      if (connection === undefined) return circuit.whole.run(call, perform);
      const ofOne = circuit.failing.get(connection)?.circuit.holds();
      if (ofOne) throw heldBack(operation, ofOne, `this account at ${provider}`);
      return runOn(circuit, operation, connection, call, perform);
    },
  };
};

const heldBack = (
  { provider, name }: CallOperation,
  { untilMs, lastFailure }: OpenCircuit,
  who: string,
): ProviderError =>
  new ProviderError(
    provider,
    name,
    { kind: 'outage', effect: 'none', delayMs: Math.max(untilMs - Date.now(), 1), circuit: 'open' },
    {
      code: heldBackCodes.circuit,
      message: `not called: ${who} has failed ${failuresToOpen} times or more in a row, last with ${lastFailure}; the next call may go through at ${moment(untilMs)}`,
    },
  );
