/**
 * /codec/{decode|encode}: the codec server, which decrypts payloads for operators. The protocol is Temporal's:
 * https://docs.temporal.io/production-deployment/data-encryption#api-contract-specifications
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { Refusal } from '../../../domain/errors.ts';
import { createDataConverter } from '../../../foundation/temporal/data-converter.ts';
import { authenticate, requireRole } from '../../access/authentication.ts';
import { operators } from '../../access/permissions.ts';
import type { Api } from '../../api.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

/** A payload as JSON: bytes are base64. */
const payloadSchema = z.object({
  metadata: z.record(z.string(), z.base64()).optional(),
  data: z.base64().optional(),
});
/** Temporal's CLI leaves out an empty list, as the JSON format of Protocol Buffers does. */
const payloadsSchema = z
  .object({ payloads: z.array(payloadSchema).max(10_000).default([]) })
  .meta({ id: 'Payloads' });
type JsonPayload = z.infer<typeof payloadSchema>;

const toPayload = ({ metadata = {}, data }: JsonPayload): Payload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
  ),
  data: data === undefined ? null : Buffer.from(data, 'base64'),
});

const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  ...(data ? { data: Buffer.from(data).toString('base64') } : {}),
});

const directions = ['encode', 'decode'] as const;
type Direction = (typeof directions)[number];

const cannotDecrypt = (cause: unknown): Refusal =>
  Object.assign(
    new Refusal(
      'invalid_body',
      'A payload cannot be decrypted: it was altered, or its key is not in the key ring.',
      'Check CASTMATCH_MASTER_KEYS: a key must stay in it while any payload is encrypted with it.',
    ),
    { cause },
  );

/** Applies the codecs as the SDK does: last to first when encoding, first to last when decoding. */
const apply = async (
  codecs: readonly PayloadCodec[],
  direction: Direction,
  payloads: Payload[],
): Promise<Payload[]> => {
  const inOrder = direction === 'encode' ? codecs.toReversed() : codecs;
  let current = payloads;
  for (const codec of inOrder) current = await codec[direction](current);
  return current;
};

const describe = (direction: Direction) => ({
  tags: ['Codec'],
  summary: direction === 'decode' ? 'Decrypt payloads' : 'Encrypt payloads',
  body: payloadsSchema,
  response: {
    200: jsonResponse('The same payloads, in the same order', payloadsSchema),
    ...problemResponses('unauthenticated', 'forbidden', 'body_too_large', 'unsupported_media_type'),
  },
});

/** Larger than for other routes: the input and the view of a workflow exceed the default limit. */
const bodyLimit = 4 * 1024 * 1024;

/** Registers the codec routes. */
export const codecRoutes = (api: Api, { configuration, repositories }: ApiDependencies): void => {
  const codecs = createDataConverter(configuration.masterKeys).payloadCodecs ?? [];

  const run = async (direction: Direction, payloads: readonly JsonPayload[]) => {
    try {
      return { payloads: (await apply(codecs, direction, payloads.map(toPayload))).map(toJson) };
    } catch (error) {
      throw cannotDecrypt(error);
    }
  };

  for (const direction of directions) {
    api.post(
      `/${direction}`,
      { schema: { operationId: direction, ...describe(direction) }, bodyLimit },
      async (request) => run(direction, request.body.payloads),
    );
  }

  // The development Web UI cannot send credentials, so a local environment accepts the key in the path.
  if (configuration.environment !== 'local') return;
  for (const direction of directions) {
    api.post(
      `/:key/${direction}`,
      {
        schema: { ...describe(direction), hide: true, params: z.object({ key: z.string().max(200) }) },
        bodyLimit,
      },
      async (request) => {
        requireRole(await authenticate(repositories, request.params.key), operators);
        return run(direction, request.body.payloads);
      },
    );
  }
};
