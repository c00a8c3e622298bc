/** What it means when a vendor did not answer, or answered with something that cannot be read. */
import { ZodError, z } from 'zod';
import type { ProviderError, ProviderFault } from '../../domain/errors.ts';
import type { CallContext } from '../ports.ts';
import { type ProviderOperation, providerError } from './error-table.ts';

/** The deadline of one exchange with a vendor, on top of the caller's own signal. */
export const withDeadline = (call: CallContext, milliseconds: number): AbortSignal =>
  AbortSignal.any([call.signal, AbortSignal.timeout(milliseconds)]);

/**
 * Codes of failures that come before the first byte of a request: certainly without effect.
 * From Node's system errors and TLS (https://nodejs.org/api/errors.html) and undici's errors
 * (https://undici.nodejs.org/#/docs/api/Errors).
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

/** Whatever else was thrown below us, as a `ProviderError` that says whether the effect may have happened. */
export const transportError = (
  operation: ProviderOperation,
  error: unknown,
  call: CallContext,
): ProviderError => {
  const open = operation.writes ? 'unknown' : 'none';
  if (error instanceof ZodError) {
    const where = error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
    return providerError(
      operation,
      { kind: 'retry', effect: open },
      { message: `the answer does not fit what the vendor documents: ${where}` },
    );
  }
  const code = codeOf(error);
  const effect = code !== undefined && notSentCodes.has(code) ? 'none' : open;
  const fault: ProviderFault = { kind: isCancelledByUs(call) ? 'retry' : 'outage', effect };
  return providerError(operation, fault, { code, message: 'no answer' });
};

/** Called off by us (a cancellation, a worker going down), which says nothing about the vendor. */
const isCancelledByUs = ({ signal }: CallContext): boolean =>
  signal.aborted && !(signal.reason instanceof Error && signal.reason.name === 'TimeoutError');

const thrownSchema = z.object({
  code: z.union([z.string(), z.number()]).optional(),
  name: z.string().optional(),
  cause: z.unknown().optional(),
});

/** The innermost code of the chain of causes: the socket's own word for what happened. */
const codeOf = (error: unknown): string | undefined => {
  const thrown = thrownSchema.safeParse(error);
  if (!thrown.success) return undefined;
  const { cause, code, name } = thrown.data;
  const inner = cause === undefined || cause === error ? undefined : codeOf(cause);
  return inner ?? (typeof code === 'string' ? code : name);
};
