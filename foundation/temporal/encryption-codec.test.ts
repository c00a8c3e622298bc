import { randomBytes } from 'node:crypto';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  encodeUserMetadata,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { describe, expect, it } from 'vitest';
import { NotAuthentic, openBytes, sealBytes, UnknownKey } from '../encryption/aes-gcm.ts';
import { createDataConverter } from './data-converter.ts';
import { createEncryptionCodec } from './encryption-codec.ts';

const masterKey = (id: string) => ({ id, key: randomBytes(32) });
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const textOf = (payload: Payload | undefined) => Buffer.from(payload?.data ?? []).toString('latin1');
const first = <Item>([item]: readonly Item[]): Item => {
  if (item === undefined) throw new Error('the list is empty');
  return item;
};

const setup = () => {
  const oldKey = masterKey('k1');
  const newKey = masterKey('k2');
  return {
    before: createEncryptionCodec([oldKey]),
    after: createEncryptionCodec([newKey, oldKey]),
    masterKeys: [newKey, oldKey],
  };
};

describe('createEncryptionCodec', () => {
  it('decodes payloads to the values they were encoded from', async () => {
    const { after } = setup();
    const payloads = [payloadOf({ name: 'Ada' }), payloadOf(undefined), payloadOf(new Uint8Array([1, 2]))];
    const decoded = await after.decode(await after.encode(payloads));
    expect(decoded.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual([
      { name: 'Ada' },
      undefined,
      new Uint8Array([1, 2]),
    ]);
  });

  it('leaves only the id of the key readable', async () => {
    const { after } = setup();
    const encoded = first(await after.encode([payloadOf({ email: 'ada@example.com' })]));
    expect(textOf(encoded)).not.toContain('ada');
    expect(
      Object.entries(encoded.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString()]),
    ).toEqual([
      ['encoding', 'binary/encrypted'],
      ['encryption-key-id', 'k2'],
    ]);
  });

  it('decrypts under an old key and encrypts under the newest', async () => {
    const { before, after } = setup();
    const old = await before.encode([payloadOf('yesterday')]);
    expect(defaultPayloadConverter.fromPayload(first(await after.decode(old)))).toBe('yesterday');
    await expect(before.decode(await after.encode([payloadOf('today')]))).rejects.toThrow(UnknownKey);
  });

  it('rejects a payload that was altered, truncated, or names another key', async () => {
    const { after } = setup();
    const payload = first(await after.encode([payloadOf('booked')]));
    const data = Buffer.from(payload.data ?? []);
    const flipped = Buffer.from(data);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    const otherKey = { ...payload.metadata, 'encryption-key-id': Buffer.from('k1') };
    for (const altered of [
      { ...payload, data: flipped },
      { ...payload, data: data.subarray(0, 10) },
      { ...payload, data: null },
      { ...payload, metadata: otherKey },
    ]) {
      await expect(after.decode([altered])).rejects.toThrow(NotAuthentic);
    }
  });

  it('passes payloads that are not encrypted unchanged', async () => {
    const { after } = setup();
    const plain = payloadOf('from the command line');
    expect(await after.decode([plain])).toEqual([plain]);
  });

  it('encodes an empty list to an empty list', async () => {
    const { after } = setup();
    expect(await after.encode([])).toEqual([]);
  });
});

describe('createDataConverter', () => {
  it('encrypts and decrypts the message, stack and details of a failure', async () => {
    const converter = loadDataConverter(createDataConverter(setup().masterKeys));
    const failure = await encodeErrorToFailure(
      converter,
      ApplicationFailure.create({ message: 'Ada is busy', type: 'slot_taken', details: ['ada@example.com'] }),
    );
    expect(failure.message).toBe('Encoded failure');
    expect(JSON.stringify(failure)).not.toMatch(/Ada is busy|ada@example|encryption-codec/);
    const decoded = await decodeOptionalFailureToOptionalError(converter, failure);
    expect(decoded).toMatchObject({
      message: 'Ada is busy',
      type: 'slot_taken',
      details: ['ada@example.com'],
    });
  });

  it('encrypts summaries and details', async () => {
    const converter = loadDataConverter(createDataConverter(setup().masterKeys));
    const metadata = await encodeUserMetadata(converter, 'Remind Ada', 'Ada answers by SMS');
    expect(textOf(metadata?.summary ?? undefined)).not.toContain('Ada');
    expect(textOf(metadata?.details ?? undefined)).not.toContain('Ada');
    expect(Buffer.from(metadata?.summary?.metadata?.['encoding'] ?? []).toString()).toBe('binary/encrypted');
  });
});

const contextOf = (workflowId: string) => ({ type: 'workflow' as const, namespace: 'default', workflowId });
const withKeys = () => {
  const keys = new Map<string, Uint8Array>();
  const masterKeys = [masterKey('k1')];
  const codec = createEncryptionCodec(masterKeys, {
    sealBytes: async (id, plaintext, place) => {
      const key = keys.get(id) ?? randomBytes(32);
      keys.set(id, key);
      return sealBytes(key, plaintext, place);
    },
    openBytes: async (id, sealed, place) => openBytes(keys.get(id) ?? randomBytes(32), sealed, place),
  });
  return { codec, keys, withoutDataKeys: createEncryptionCodec(masterKeys) };
};
const keyIdOf = (payload: Payload | undefined) =>
  Buffer.from(payload?.metadata?.['encryption-key-id'] ?? []).toString();

describe('payloads of a workflow that belongs to an audition', () => {
  it.each([
    ['audition/aud_1', 'audition:aud_1'],
    ['recording/aud_1/zoom:abc/def', 'audition:aud_1'],
    ['event-delivery/endp_1/aud_1', 'audition:aud_1'],
    ['reconciliation/aud_1', 'audition:aud_1'],
    ['calendar-sync/conn_1', 'calendar-sync:conn_1'],
    ['endpoint-notice/endp_1/msg_1', 'k1'],
  ])('are encrypted under its data key: %s under %s', async (workflowId, keyId) => {
    const { codec } = withKeys();
    const encoded = await codec.encode([payloadOf('Ada')], contextOf(workflowId));
    expect(keyIdOf(encoded[0])).toBe(keyId);
    expect(defaultPayloadConverter.fromPayload(first(await codec.decode(encoded)))).toBe('Ada');
  });

  it('are unreadable after the data key was destroyed, with every master key', async () => {
    const { codec, keys, withoutDataKeys } = withKeys();
    const encoded = await codec.encode([payloadOf('Ada')], contextOf('audition/aud_1'));
    keys.clear();
    await expect(codec.decode(encoded)).rejects.toThrow(NotAuthentic);
    await expect(withoutDataKeys.decode(encoded)).rejects.toThrow(/set DATABASE_URL and KEY_DATABASE_URL/);
  });
});
