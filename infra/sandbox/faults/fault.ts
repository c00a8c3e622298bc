/** Defines the faults that the control API accepts. */
import { z } from 'zod';

export const faultKinds = ['outage', 'latency', 'rate_limit', 'unauthorized', 'lost_answer'] as const;
export type FaultKind = (typeof faultKinds)[number];

const common = {
  /** The number of calls to affect. Without it, the fault stays active until it is removed. */
  times: z.int().min(1).optional(),
  /**
   * The operation to affect, such as `events.insert`. Without it, see `defaultScope` in fault-registry.ts.
   */
  operation: z.string().min(1).optional(),
};

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('outage'),
    ...common,
    status: z.int().min(500).max(599).default(503),
    /** Closes the connection instead of sending an answer. */
    reset: z.boolean().default(false),
    /** The value of the Retry-After header in seconds. */
    retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  }),
  z.strictObject({
    kind: z.literal('latency'),
    ...common,
    latencyMs: z.int().min(1).max(600_000).default(1000),
  }),
  z.strictObject({
    kind: z.literal('rate_limit'),
    ...common,
    retryAfterSeconds: z.int().min(0).max(86_400).default(2),
    /** Google also answers 403 for a rate limit. */
    status: z.union([z.literal(429), z.literal(403)]).default(429),
  }),
  z.strictObject({ kind: z.literal('unauthorized'), ...common }),
  z.strictObject({ kind: z.literal('lost_answer'), ...common }),
]);

export const faultRequestSchema = z.union([
  faultSchema,
  z.strictObject({ kind: z.literal('none'), operation: z.string().min(1).optional() }),
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultRequest = z.input<typeof faultRequestSchema>;
