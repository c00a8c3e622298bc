/** The figures of calls to providers, which worker and API both make. Labels hold only what is of few kinds: never an id. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { circuitStates } from '../domain/providers/observation.ts';
import type { CallMetrics } from './resilience/resilient-providers.ts';

/** From a cached answer to a provider's slowest: a mail server is given up after 55 s. */
export const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const createCallMetrics = (registry: Registry): CallMetrics => {
  const registers = [registry];
  const calls = new Histogram({
    name: 'castmatch_provider_call_duration_seconds',
    help: 'Calls to providers by outcome: ok, or the kind of the fault.',
    labelNames: ['provider', 'operation', 'outcome'] as const,
    buckets: secondsBuckets,
    registers,
  });
  const heldBack = new Counter({
    name: 'castmatch_provider_calls_held_back_total',
    help: 'Calls to providers that were not made, because of an open circuit or a spent quota.',
    labelNames: ['provider', 'operation', 'reason'] as const,
    registers,
  });
  const circuit = new Gauge({
    name: 'castmatch_provider_circuit',
    help: "1 for the state that this process's circuit of the provider is in, 0 for the others.",
    labelNames: ['provider', 'state'] as const,
    registers,
  });
  const accounts = new Gauge({
    name: 'castmatch_provider_accounts_held_back',
    help: 'Accounts at the provider whose own circuit is not closed in this process.',
    labelNames: ['provider'] as const,
    registers,
  });
  const quotas = new Gauge({
    name: 'castmatch_provider_quota_used_ratio',
    help: 'The part of its quota that the account which was last drawn on has used, for all processes together.',
    labelNames: ['provider', 'quota'] as const,
    registers,
  });
  return {
    callEnded: ({ seconds, ...labels }) => calls.observe(labels, seconds),
    callRejected: (labels) => heldBack.inc(labels),
    circuitChanged: ({ provider, state, accountsHeldBack }) => {
      for (const one of circuitStates) circuit.set({ provider, state: one }, one === state ? 1 : 0);
      accounts.set({ provider }, accountsHeldBack);
    },
    quotaUsed: ({ ratio, ...labels }) => quotas.set(labels, ratio),
  };
};
