/** Shared by all webhook receivers: reads the raw body, stores webhooks. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../../domain/errors.ts';
import type { InboxEvent } from '../../../../domain/inbox-event.ts';
import type { ApiDependencies } from '../../../dependencies.ts';

/** Returns the raw body; empty if there was none. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

/** Returns the media type without parameters, in lower case. */
export const mediaTypeOf = ({ headers }: FastifyRequest): string =>
  (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();

/** Returns a header that was sent once; undefined if it is missing or repeated. */
export const headerOf = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Creates the refusal for an authentic webhook that cannot be parsed: truncated, or of an unknown format. */
export const invalidWebhookBody = (): Refusal =>
  new Refusal(
    'invalid_body',
    'The body does not have the documented format of the service.',
    'Send the complete body, as it was signed.',
  );

/**
 * Parses a JSON body.
 * @throws {Refusal} `invalid_body` when the body is not valid JSON in UTF-8.
 */
export const readJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalidWebhookBody();
  }
};

type ReceivedWebhook = InboxEvent & { readonly provider: string; readonly dedupeKey: string };

/** Stores a webhook in the inbox. A webhook with a dedupe key that was stored before changes nothing. */
export const receiveWebhook = async (
  { inbox }: Pick<ApiDependencies['repositories'], 'inbox'>,
  request: FastifyRequest,
  webhook: ReceivedWebhook,
): Promise<void> => {
  const { provider, kind } = webhook;
  const outcome = await inbox.receive({ ...webhook, correlationId: request.id });
  request.log.debug({ provider, kind, outcome }, 'webhook received');
};

/** Stores a webhook in the inbox and answers 204. */
export const storeWebhook = async (
  repositories: Pick<ApiDependencies['repositories'], 'inbox'>,
  request: FastifyRequest,
  reply: FastifyReply,
  webhook: ReceivedWebhook,
): Promise<FastifyReply> => {
  await receiveWebhook(repositories, request, webhook);
  return reply.code(204).send();
};
