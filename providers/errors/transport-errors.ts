/** Maps transport failures and unreadable answers of a vendor to `ProviderError`. */
import { ZodError, z } from 'zod';
import { type ProviderError, type ProviderFault, unreadableAnswer } from '../../domain/errors.ts';
import type { CallContext } from '../ports.ts';
import { type ProviderOperation, providerError } from './error-table.ts';
import { unreadableFields, wholeAnswer } from './unreadable-answers.ts';

/** Returns a signal that aborts with the caller's signal or after the deadline of one exchange with a vendor. */
export const withDeadline = (call: CallContext, milliseconds: number): AbortSignal =>
  AbortSignal.any([call.signal, AbortSignal.timeout(milliseconds)]);

/**
 * Codes of failures before the first byte of a request is sent: certainly without effect. Sources: Node's system and
 * TLS errors (https://nodejs.org/api/errors.html), undici's errors (https://undici.nodejs.org/#/docs/api/Errors).
 */
const notSentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Returns a thrown error as a `ProviderError` that says whether the call may have had its effect. An answer that does
 * not match the schema is a `retry`, a cancellation by the caller too; every other failure is an `outage`. An answer that cannot be
 * read says which of its fields.
 */
export const transportError = (
  operation: ProviderOperation,
  error: unknown,
  call: CallContext,
): ProviderError => {
  const effectIfSent = operation.writes ? 'unknown' : 'none';
  if (error instanceof ZodError) {
    const unreadable = unreadableFields(error);
    return providerError(
      operation,
      { kind: 'retry', effect: effectIfSent },
      {
        code: unreadableAnswer,
        message: `the answer does not match the vendor's documentation: ${unreadable}`,
        unreadable,
      },
    );
  }
  const code = codeOf(error);
  // An answer of a vendor that is no JSON, such as the page of a gateway.
  if (code === 'SyntaxError') {
    const message = "the answer does not match the vendor's documentation";
    const fault = { kind: 'outage', effect: effectIfSent } as const;
    return providerError(operation, fault, { code: unreadableAnswer, message, unreadable: wholeAnswer });
  }
  const effect = code !== undefined && notSentCodes.has(code) ? 'none' : effectIfSent;
  const fault: ProviderFault = { kind: isCancelledByUs(call) ? 'retry' : 'outage', effect };
  return providerError(operation, fault, { code, message: 'no answer' });
};

/** Whether our side cancelled the call (a cancellation, a worker shutdown). That says nothing about the vendor. */
const isCancelledByUs = ({ signal }: CallContext): boolean =>
  signal.aborted && !(signal.reason instanceof Error && signal.reason.name === 'TimeoutError');

const thrownSchema = z.object({
  code: z.union([z.string(), z.number()]).optional(),
  name: z.string().optional(),
  cause: z.unknown().optional(),
});

/** Returns the innermost code of the chain of causes, usually the socket's. */
const codeOf = (error: unknown): string | undefined => {
  const thrown = thrownSchema.safeParse(error);
  if (!thrown.success) return undefined;
  const { cause, code, name } = thrown.data;
  const inner = cause === undefined || cause === error ? undefined : codeOf(cause);
  return inner ?? (typeof code === 'string' ? code : name);
};
