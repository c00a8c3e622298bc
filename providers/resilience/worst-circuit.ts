/** Finds the worst of several circuits of one provider or account, which the health page shows as one. */
import type { CircuitState } from '../../domain/providers/observation.ts';
import type { CircuitService } from '../catalog.ts';

interface ShownCircuit {
  readonly state: CircuitState;
  /** Epoch milliseconds. */
  readonly untilMs: number | undefined;
}

const severities: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Returns a function that stores the state of one circuit, and returns the worst of all with the same subject. */
export const createWorstCircuits = () => {
  const subjects = new Map<string, Map<CircuitService | undefined, ShownCircuit>>();
  return (subject: string, service: CircuitService | undefined, circuit: ShownCircuit): ShownCircuit => {
    const circuits = subjects.get(subject) ?? new Map<CircuitService | undefined, ShownCircuit>();
    if (circuit.state === 'closed') circuits.delete(service);
    else circuits.set(service, circuit);
    if (circuits.size === 0) subjects.delete(subject);
    else subjects.set(subject, circuits);
    return [...circuits.values()].reduce(
      (worst, each) => (severities[each.state] > severities[worst.state] ? each : worst),
      circuit,
    );
  };
};
