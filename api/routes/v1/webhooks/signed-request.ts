/** What all receivers of webhooks have in common: the raw body, the refusals, and what is logged of them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../../domain/errors.ts';
import type { InboxEvent } from '../../../../domain/inbox-event.ts';
import type { ApiDependencies } from '../../../dependencies.ts';

/** Empty where there was none. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

export const mediaTypeOf = ({ headers }: FastifyRequest): string =>
  (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();

/** A header that came once; `undefined` for one that is missing or came twice. */
export const headerOf = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Why a webhook was refused, for the log: the sender is told the same in every case. */
type RejectionReason = 'no_secret_configured' | 'forged' | 'stale' | 'unknown_subscription';

/** Logs no header and no body: what is forged may still hold a secret, somebody's data or a whole other webhook. */
export const notAuthentic = (request: FastifyRequest, provider: string, doubt: RejectionReason): Refusal => {
  request.log.warn({ provider, doubt, bytes: bodyOf(request).length }, 'a webhook was refused');
  return new Refusal(
    'unauthenticated',
    'The request does not prove that it comes from the service whose webhooks are taken here.',
    'Check the secret that signs it on both sides, that the address is the one given to the service, and the clock.',
  );
};

/** It is authentic and cannot be read: cut short on its way, or of a form we do not know. */
export const invalidWebhookBody = (): Refusal =>
  new Refusal(
    'invalid_body',
    'The body is not what the service is documented to send.',
    'Send the whole body, as it was signed.',
  );

/** @throws {Refusal} `invalid_body`, for what is cut short or no JSON in UTF-8. */
export const readJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalidWebhookBody();
  }
};

/** Stores a webhook in the inbox and answers 204. A webhook with a dedupe key that was stored before changes nothing. */
export const storeWebhook = async (
  { inbox }: Pick<ApiDependencies['repositories'], 'inbox'>,
  request: FastifyRequest,
  reply: FastifyReply,
  webhook: InboxEvent & { readonly provider: string; readonly dedupeKey: string },
): Promise<FastifyReply> => {
  const { provider, kind } = webhook;
  const outcome = await inbox.receive({ ...webhook, correlationId: request.id });
  request.log.debug({ provider, kind, outcome }, 'a webhook was taken');
  return reply.code(204).send();
};
