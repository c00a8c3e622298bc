/** Defines the faults that the control API accepts. */
import { z } from 'zod';

export const faultKinds = [
  'outage',
  'latency',
  'rate_limit',
  'unauthorized',
  'refusal',
  'lost_answer',
  'garbled_answer',
  'duplicate',
  'reorder',
] as const;
export type FaultKind = (typeof faultKinds)[number];

const common = {
  /** The number of calls to affect. Without it, the fault stays active until it is removed. */
  times: z.int().min(1).optional(),
  /** The number of calls that pass before the first one is affected, such as the first page of a listing. */
  after: z.int().min(1).optional(),
  /**
   * The operation to affect, such as `events.insert`. Without it, see `defaultScope` in fault-registry.ts.
   */
  operation: z.string().min(1).optional(),
};

/** The reasons for which Google limits calls: https://developers.google.com/workspace/calendar/api/guides/errors */
const googleLimits = ['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded'] as const;

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
    /** Null: no Retry-After. Google documents none for its calendars. */
    retryAfterSeconds: z.int().min(0).max(86_400).nullable().default(2),
    /** Google also answers 403 for a rate limit. */
    status: z.union([z.literal(429), z.literal(403)]).default(429),
    /** Google's reason. `quotaExceeded` means a limit of Calendar itself: always a 403 without Retry-After. */
    reason: z.enum(googleLimits).default('rateLimitExceeded'),
  }),
  z.strictObject({ kind: z.literal('unauthorized'), ...common }),
  z.strictObject({
    kind: z.literal('refusal'),
    ...common,
    /** Of a gateway: the answer is a page, and not the vendor's error document. */
    status: z.int().min(400).max(499).default(404),
  }),
  z.strictObject({ kind: z.literal('lost_answer'), ...common }),
  z.strictObject({ kind: z.literal('garbled_answer'), ...common }),
  z.strictObject({
    kind: z.literal('duplicate'),
    ...common,
    /** How often each call is sent. */
    copies: z.int().min(2).max(20).default(2),
  }),
  z.strictObject({
    kind: z.literal('reorder'),
    ...common,
    /** So many calls are held, and then sent in the reverse order. */
    count: z.int().min(2).max(20).default(2),
    /** Sends the held calls after this time when no more are made, in milliseconds. */
    withinMs: z.int().min(1).max(600_000).default(1_000),
  }),
]);

export const faultRequestSchema = z.union([
  faultSchema,
  z.strictObject({ kind: z.literal('none'), operation: z.string().min(1).optional() }),
]);

export type Fault = z.output<typeof faultSchema>;
export type RateLimitFault = Extract<Fault, { kind: 'rate_limit' }>;

const webhookKinds = ['duplicate', 'reorder'] as const;
const answerKinds = ['lost_answer', 'garbled_answer'] as const;
const laterKinds = [...answerKinds, ...webhookKinds] as const;
/** A fault that affects a call before it is handled. */
export type RequestFault = Exclude<Fault, { kind: (typeof laterKinds)[number] }>;
/** A fault of the answer to a call that was handled. */
export type AnswerFault = Extract<Fault, { kind: (typeof answerKinds)[number] }>;
/** A fault of a call that the vendor makes. */
export type WebhookFault = Exclude<Fault, { kind: (typeof answerKinds)[number] }>;

const isOneOf = <Kind extends FaultKind>(kinds: readonly Kind[], kind: FaultKind): kind is Kind =>
  kinds.some((known) => known === kind);

/** Returns whether only calls that the vendor makes can have the fault. */
export const isWebhookKind = (kind: FaultKind): boolean => isOneOf(webhookKinds, kind);
export const isRequestFault = (fault: Fault): fault is RequestFault => !isOneOf(laterKinds, fault.kind);
export const isAnswerFault = (fault: Fault): fault is AnswerFault => isOneOf(answerKinds, fault.kind);
export const isWebhookFault = (fault: Fault): fault is WebhookFault => !isAnswerFault(fault);
export type FaultRequest = z.input<typeof faultRequestSchema>;
