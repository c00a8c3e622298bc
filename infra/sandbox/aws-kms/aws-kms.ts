/**
 * Simulates the operations of AWS KMS on symmetric keys, over the AWS JSON 1.1 protocol.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html and
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AwsKmsSandboxSettings } from '../settings.ts';
import { decrypt, encrypt } from './ciphertext.ts';
import { AwsKmsError, unknownClient, unknownOperation } from './errors.ts';
import { createKeys, type Keys } from './keys.ts';

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
const context = z.record(z.string(), z.string()).default({});

const encryptRequest = z.object({
  KeyId: z.string(),
  Plaintext: base64,
  EncryptionContext: context,
});
const decryptRequest = z.object({
  KeyId: z.string().optional(),
  CiphertextBlob: base64,
  EncryptionContext: context,
});
const generateRequest = z.object({
  KeyId: z.string(),
  KeySpec: z.enum(['AES_256', 'AES_128']).default('AES_256'),
  EncryptionContext: context,
});
const reEncryptRequest = z.object({
  CiphertextBlob: base64,
  SourceKeyId: z.string().optional(),
  SourceEncryptionContext: context,
  DestinationKeyId: z.string(),
  DestinationEncryptionContext: context,
});

const algorithm = 'SYMMETRIC_DEFAULT';

const operationsOn = (keys: Keys): Readonly<Record<string, (body: unknown) => object>> => ({
  Encrypt: (body) => {
    const { KeyId, Plaintext, EncryptionContext } = encryptRequest.parse(body);
    const key = keys.usable(KeyId);
    return {
      CiphertextBlob: encrypt(key, Plaintext, EncryptionContext).toString('base64'),
      KeyId: key.arn,
      EncryptionAlgorithm: algorithm,
    };
  },
  Decrypt: (body) => {
    const { KeyId, CiphertextBlob, EncryptionContext } = decryptRequest.parse(body);
    const { key, plaintext } = decrypt(keys, CiphertextBlob, EncryptionContext, KeyId);
    return { Plaintext: plaintext.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: algorithm };
  },
  GenerateDataKey: (body) => {
    const { KeyId, KeySpec, EncryptionContext } = generateRequest.parse(body);
    const key = keys.usable(KeyId);
    const dataKey = randomBytes(KeySpec === 'AES_256' ? 32 : 16);
    return {
      Plaintext: dataKey.toString('base64'),
      CiphertextBlob: encrypt(key, dataKey, EncryptionContext).toString('base64'),
      KeyId: key.arn,
    };
  },
  ReEncrypt: (body) => {
    const request = reEncryptRequest.parse(body);
    const source = decrypt(
      keys,
      request.CiphertextBlob,
      request.SourceEncryptionContext,
      request.SourceKeyId,
    );
    const destination = keys.usable(request.DestinationKeyId);
    const blob = encrypt(destination, source.plaintext, request.DestinationEncryptionContext);
    return {
      CiphertextBlob: blob.toString('base64'),
      SourceKeyId: source.key.arn,
      KeyId: destination.arn,
      SourceEncryptionAlgorithm: algorithm,
      DestinationEncryptionAlgorithm: algorithm,
    };
  },
});

const credentialOf = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/kms\/aws4_request, /;

/** Checks the access key id and the region of the signature. Does not verify the signature itself. */
const checkCaller = (authorization: string | undefined, settings: AwsKmsSandboxSettings): void => {
  const [, accessKeyId, region] = credentialOf.exec(authorization ?? '') ?? [];
  if (accessKeyId !== settings.accessKeyId || region !== settings.region) throw unknownClient;
};

/** Registers the routes of AWS KMS. */
export const awsKmsRoutes = (app: FastifyInstance, settings: AwsKmsSandboxSettings): void => {
  const operations = operationsOn(createKeys(settings));

  app.addContentTypeParser('application/x-amz-json-1.1', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, JSON.parse(String(text)));
    } catch {
      done(new AwsKmsError('SerializationException', 'The request is not valid JSON.'));
    }
  });

  app.setErrorHandler((error, _request, reply) => {
    const kmsError =
      error instanceof AwsKmsError
        ? error
        : new AwsKmsError('ValidationException', error instanceof Error ? error.message : String(error));
    return reply
      .code(kmsError.status)
      .header('content-type', 'application/x-amz-json-1.1')
      .header('x-amzn-requestid', randomBytes(16).toString('hex'))
      .send(
        JSON.stringify({ __type: kmsError.type, ...(kmsError.message && { message: kmsError.message }) }),
      );
  });

  app.post('/', async (request, reply) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    const [service, name = ''] = target.split('.');
    const operation = service === 'TrentService' ? operations[name] : undefined;
    if (!operation) throw unknownOperation;
    checkCaller(request.headers.authorization, settings);
    return reply
      .header('content-type', 'application/x-amz-json-1.1')
      .header('x-amzn-requestid', randomBytes(16).toString('hex'))
      .send(JSON.stringify(operation(request.body)));
  });
};
