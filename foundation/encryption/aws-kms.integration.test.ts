import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { NotAuthentic, UnknownKey } from './aes-gcm.ts';
import { createAwsKms } from './aws-kms.ts';
import { createKeyWrapping } from './configured-wrapping.ts';
import { createKeyRing } from './key-ring.ts';

/** Starts the sandbox's AWS KMS. The tests call it with the real client library over HTTP. */
const setup = async (options: SandboxOptions['awsKms'] = {}) => {
  const sandbox = await startSandbox({ awsKms: options });
  onTestFinished(() => sandbox.close());
  const kms = {
    keyId: 'alias/castmatch',
    region: 'eu-central-1',
    endpoint: sandbox.url,
    credentials: { accessKeyId: 'SANDBOXACCESSKEY', secretAccessKey: 'secret' },
  };
  return { kms, wrapping: createAwsKms(kms), dataKey: randomBytes(32) };
};

describe('createAwsKms', () => {
  it('unwraps a data key that it wrapped and does not expose the data key', async () => {
    const { wrapping, dataKey } = await setup();
    const { masterKeyId, wrapped } = await wrapping.wrap(dataKey, 'data key of conn_1');
    expect(masterKeyId).toBe('aws-kms:alias/castmatch');
    expect(Buffer.from(wrapped, 'base64').includes(dataKey)).toBe(false);
    const unwrapped = await wrapping.unwrap(masterKeyId, wrapped, 'data key of conn_1');
    expect(Buffer.from(unwrapped)).toEqual(dataKey);
  });

  it('rejects a wrapped key of another place and an altered one', async () => {
    const { wrapping, dataKey } = await setup();
    const { masterKeyId, wrapped } = await wrapping.wrap(dataKey, 'data key of conn_1');
    await expect(wrapping.unwrap(masterKeyId, wrapped, 'data key of conn_2')).rejects.toThrow(NotAuthentic);
    const altered = Buffer.from(wrapped, 'base64');
    altered.writeUInt8(altered.readUInt8(altered.length - 20) ^ 1, altered.length - 20);
    await expect(
      wrapping.unwrap(masterKeyId, altered.toString('base64'), 'data key of conn_1'),
    ).rejects.toThrow(NotAuthentic);
  });

  it('unwraps after the alias moved to another key and rejects another key by its id', async () => {
    const { kms, wrapping, dataKey } = await setup();
    const next = createAwsKms({ ...kms, keyId: 'alias/castmatch-next' });
    const { wrapped } = await next.wrap(dataKey, 'place');
    expect(Buffer.from(await wrapping.unwrap(wrapping.newestKeyId, wrapped, 'place'))).toEqual(dataKey);
    const { wrapped: byAnother } = await wrapping.wrap(dataKey, 'place');
    const id = Buffer.from(wrapped, 'base64').subarray(0, 36).toString();
    await expect(wrapping.unwrap(`aws-kms:${id}`, byAnother, 'place')).rejects.toMatchObject({
      name: 'KmsFailure',
      code: 'IncorrectKeyException',
    });
  });

  it.each([
    [{ disabledAliases: ['alias/castmatch'] }, 'DisabledException', 'enable the key again'],
    [{ aliases: ['alias/other'] }, 'NotFoundException', 'CASTMATCH_KMS_KEY'],
    [{ accessKeyId: 'OTHER' }, 'UnrecognizedClientException', 'AWS_ACCESS_KEY_ID'],
  ])('names the remedy when KMS refuses a call (%j)', async (options, code, whatToDo) => {
    const { wrapping, dataKey } = await setup(options);
    const refused = wrapping.wrap(dataKey, 'place');
    await expect(refused).rejects.toMatchObject({ name: 'KmsFailure', code });
    await expect(refused).rejects.toThrow(whatToDo);
  });

  it('reports the connection error when KMS is unreachable', async () => {
    const { kms, dataKey } = await setup();
    const away = createAwsKms({ ...kms, endpoint: 'http://127.0.0.1:9' });
    await expect(away.wrap(dataKey, 'place')).rejects.toMatchObject({
      name: 'KmsFailure',
      code: 'ECONNREFUSED',
    });
  });
});

describe('createKeyWrapping', () => {
  const masterKeys = [{ id: 'k1', key: randomBytes(32) }];

  it('wraps with the KMS and still unwraps data keys that the key ring wrapped', async () => {
    const { kms, dataKey } = await setup();
    const before = await createKeyRing(masterKeys).wrap(dataKey, 'place');
    const wrapping = createKeyWrapping({ masterKeys, kms });
    expect(Buffer.from(await wrapping.unwrap(before.masterKeyId, before.wrapped, 'place'))).toEqual(dataKey);
    const { masterKeyId, wrapped } = await wrapping.wrap(dataKey, 'place');
    expect(masterKeyId).toBe(wrapping.newestKeyId);
    expect(Buffer.from(await wrapping.unwrap(masterKeyId, wrapped, 'place'))).toEqual(dataKey);
    expect(['k1', 'k2', masterKeyId].map((id) => wrapping.canUnwrap(id))).toEqual([true, false, true]);
  });

  it('names CASTMATCH_KMS_KEY when the KMS is no longer configured', async () => {
    const { kms, dataKey } = await setup();
    const { masterKeyId, wrapped } = await createAwsKms(kms).wrap(dataKey, 'place');
    const without = createKeyWrapping({ masterKeys, kms: undefined });
    await expect(without.unwrap(masterKeyId, wrapped, 'place')).rejects.toThrow(UnknownKey);
    await expect(without.unwrap(masterKeyId, wrapped, 'place')).rejects.toThrow('CASTMATCH_KMS_KEY');
  });
});
