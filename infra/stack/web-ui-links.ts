/** The addresses of the lists in Temporal's Web UI that an operator needs. */
import type { Address } from './parts/part.ts';

const lists = [
  ['  needs an operator', 'CastMatchAttention IS NOT NULL'],
  ['  open auditions', 'WorkflowType = "audition" AND ExecutionStatus = "Running"'],
  ['  failed', 'ExecutionStatus IN ("Failed", "Terminated", "TimedOut")'],
] as const;

/** @param workflows the address of the list of workflows, `{ui}/namespaces/{namespace}/workflows` */
export const webUiLinks = (workflows: string): readonly Address[] =>
  lists.map(([name, query]) => ({ name, address: `${workflows}?query=${encodeURIComponent(query)}` }));
