/**
 * /codec/{decode|encode}: the codec server, which decrypts payloads for operators. The protocol is Temporal's:
 * https://docs.temporal.io/production-deployment/data-encryption#api-contract-specifications
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { Refusal } from '../../../domain/errors.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { createDataConverter } from '../../../foundation/temporal/data-converter.ts';
import { dataKeyOf } from '../../../foundation/temporal/encryption-codec.ts';
import { authenticate, authorize } from '../../access/authentication.ts';
import { type Caller, callerOf } from '../../access/caller.ts';
import { operators } from '../../access/permissions.ts';
import type { Api } from '../../api.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

/** A payload as JSON: bytes are base64. */
const payloadSchema = z.object({
  metadata: z
    .record(z.string(), z.base64())
    .optional()
    .describe('The metadata of the payload, each value in base64'),
  data: z.base64().optional().describe('The bytes of the payload, in base64'),
});
/** Temporal's CLI leaves out an empty list, as the JSON format of Protocol Buffers does. */
const payloadsSchema = z
  .object({
    payloads: z.array(payloadSchema).max(10_000).default([]).describe('The payloads. Default: none'),
  })
  .meta({ id: 'Payloads', description: 'Payloads of Temporal, in the JSON format of Protocol Buffers' });
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
      'A payload cannot be decrypted: a person of its audition was erased, it was altered, or its key is not in the key ring.',
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
  const codecs = createDataConverter(configuration.masterKeys, repositories.vault).payloadCodecs ?? [];

  const convert = async (direction: Direction, payloads: readonly JsonPayload[]) => {
    try {
      return (await apply(codecs, direction, payloads.map(toPayload))).map(toJson);
    } catch (error) {
      throw cannotDecrypt(error);
    }
  };

  /**
   * Decrypts the payloads of the organization of the key. Those of other organizations stay encrypted: a list of workflows in
   * the Web UI can contain both. A payload under a master key names no audition and no connection, and is decrypted for all.
   */
  const decodeOwn = async (organization: OrganizationId, payloads: readonly JsonPayload[]) => {
    const dataKeys = payloads.map((payload) => dataKeyOf(toPayload(payload)));
    const named = [...new Set(dataKeys.filter((key) => key !== undefined))];
    const own = await repositories.payloadOrganizations.ownKeys(organization, named);
    const isOwn = (index: number): boolean => {
      const key = dataKeys[index];
      return key === undefined || own.has(key);
    };
    const decoded = await convert(
      'decode',
      payloads.filter((_, index) => isOwn(index)),
    );
    const rest = decoded.values();
    return {
      count: decoded.length,
      payloads: payloads.map((payload, index) => (isOwn(index) ? (rest.next().value ?? payload) : payload)),
    };
  };

  /** Recorded before the payloads are sent: a payload is never read without an act. */
  const run = async (
    direction: Direction,
    payloads: readonly JsonPayload[],
    { organization, label, role, id }: Caller,
    correlationId: string,
  ) => {
    if (direction === 'encode') return { payloads: await convert('encode', payloads) };
    const decoded = await decodeOwn(organization, payloads);
    if (decoded.count > 0) {
      await repositories.administrativeActs.record({
        organization,
        by: label,
        role,
        act: 'codec.decoded',
        target: id,
        principal: id,
        detail: { payloads: decoded.count },
        correlationId,
      });
    }
    return { payloads: decoded.payloads };
  };

  for (const direction of directions) {
    api.post(
      `/${direction}`,
      { schema: { operationId: direction, ...describe(direction) }, bodyLimit },
      async (request) => run(direction, request.body.payloads, callerOf(request), request.id),
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
      async (request, reply) => {
        const identify = () => authenticate(repositories, request.params.key);
        const caller = await authorize(request, reply, operators, identify);
        return run(direction, request.body.payloads, caller, request.id);
      },
    );
  }
};
