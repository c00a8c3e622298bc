/** Defines the metrics of provider calls, for the worker and the API. Labels have few values: never an id. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { circuitStates } from '../domain/providers/observation.ts';
import type { CallMetrics } from './resilience/resilient-providers.ts';

/** Histogram buckets in seconds. The slowest call is to a mail server, which times out after 55 s. */
export const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers the metrics of provider calls. */
export const createCallMetrics = (registry: Registry): CallMetrics => {
  const registers = [registry];
  const calls = new Histogram({
    name: 'castmatch_provider_call_duration_seconds',
    help: 'Calls to providers by outcome: ok, or the kind of the fault.',
    labelNames: ['provider', 'operation', 'outcome'] as const,
    buckets: secondsBuckets,
    registers,
  });
  const rejections = new Counter({
    name: 'castmatch_provider_calls_held_back_total',
    help: 'Calls to providers that were rejected by an open circuit or an exhausted quota.',
    labelNames: ['provider', 'operation', 'reason'] as const,
    registers,
  });
  const circuit = new Gauge({
    name: 'castmatch_provider_circuit',
    help: "1 for the current state of this process's circuit for a group of operations, 0 for the other states.",
    labelNames: ['provider', 'group', 'state'] as const,
    registers,
  });
  const accounts = new Gauge({
    name: 'castmatch_provider_accounts_held_back',
    help: 'Accounts at the provider whose circuit for a group of operations is not closed in this process.',
    labelNames: ['provider', 'group'] as const,
    registers,
  });
  const quotas = new Gauge({
    name: 'castmatch_provider_quota_used_ratio',
    help: 'The used part of the quota of the account that was last called, for all processes together.',
    labelNames: ['provider', 'quota'] as const,
    registers,
  });
  return {
    callEnded: ({ seconds, ...labels }) => calls.observe(labels, seconds),
    callRejected: (labels) => rejections.inc(labels),
    circuitChanged: ({ provider, group, state, accountsHeldBack }) => {
      for (const label of circuitStates)
        circuit.set({ provider, group, state: label }, label === state ? 1 : 0);
      accounts.set({ provider, group }, accountsHeldBack);
    },
    quotaUsed: ({ ratio, ...labels }) => quotas.set(labels, ratio),
  };
};
