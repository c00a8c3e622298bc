import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createAddressRules, isAddressNotAllowed } from './address-rules.ts';
import { createOutboundDispatcher, type Resolve } from './dispatcher.ts';

const setUp = async (allowedPrivateNetworks: readonly string[], resolve?: Resolve) => {
  const reached: string[] = [];
  const server: Server = createServer(({ headers }, response) => {
    reached.push(headers.host ?? '');
    response.end('here');
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks, ...(resolve && { resolve }) });
  onTestFinished(async () => {
    await dispatcher.close();
    server.close();
  });
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const call = async (host: string, protocol = 'http') =>
    request(`${protocol}://${host}:${port}/`, { dispatcher }).then(
      ({ body }) => body.text(),
      (error: unknown) => (isAddressNotAllowed(error) ? 'refused' : error),
    );
  return { call, reached };
};

const resolving =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: isIP(address) }));

describe('an address', () => {
  const kindOf = createAddressRules(['10.20.0.0/16', 'fd00:1::/32']);
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'no address',
  ])('%s is not allowed', (address) => {
    expect(kindOf(address)).toBe('refused');
  });

  it.each(['8.8.8.8', '17.248.1.1', '2a01:111::1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(kindOf(address)).toBe('public');
    },
  );

  it.each(['10.20.3.4', '::ffff:10.20.3.4', 'fd00:1::5'])('%s is allowed here', (address) => {
    expect(kindOf(address)).toBe('allowed');
  });
});

describe('a connection', () => {
  it('is made to a network that is allowed', async () => {
    const { call, reached } = await setUp(['127.0.0.0/8']);
    expect(await call('127.0.0.1')).toBe('here');
    expect(reached).toHaveLength(1);
  });

  // IP addresses in every URL form: undici does not resolve them.
  it.each(['127.0.0.1', '127.1', '2130706433', '0x7f.1', '017700000001', '[::1]', '[::ffff:127.0.0.1]', '0'])(
    'is not made to %s',
    async (host) => {
      const { call, reached } = await setUp([]);
      expect(await call(host)).toBe('refused');
      expect(await call(host, 'https')).toBe('refused');
      expect(reached).toEqual([]);
    },
  );

  it('is not made to a name that resolves to a private address', async () => {
    const { call, reached } = await setUp([], resolving('127.0.0.1'));
    expect(await call('calendar.example.com')).toBe('refused');
    expect(await call('calendar.example.com', 'https')).toBe('refused');
    expect(await (await setUp([])).call('localhost')).toBe('refused');
    expect(reached).toEqual([]);
  });

  it('is not made to a name with one private address among public ones', async () => {
    const { call, reached } = await setUp(['127.0.0.0/8'], resolving('127.0.0.1', '10.0.0.1'));
    expect(await call('calendar.example.com')).toBe('refused');
    expect(reached).toEqual([]);
  });

  it('is made to the checked address when the name resolves differently later', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['10.0.0.1']];
    let lookups = 0;
    const { call, reached } = await setUp(['127.0.0.0/8'], async (name) => {
      lookups += 1;
      return resolving(...(answers.shift() ?? []))(name);
    });
    expect(await call('rebinding.example.com')).toBe('here');
    expect(reached).toHaveLength(1);
    expect(lookups).toBe(1);
  });

  it('is checked again each time', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    const { call } = await setUp(['127.0.0.0/8'], async (name) =>
      resolving(...(answers.shift() ?? []))(name),
    );
    expect(await call('a.example.com')).toBe('here');
    expect(await call('b.example.com')).toBe('refused');
  });

  it('is not made without encryption to a public address', async () => {
    const { call } = await setUp([], resolving('8.8.8.8'));
    expect(await call('calendar.example.com')).toBe('refused');
  });

  it('fails with the resolver’s error when the name does not exist', async () => {
    const { call } = await setUp([], () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
    );
    expect(await call('nowhere.example.com')).toMatchObject({ code: 'ENOTFOUND' });
  });
});
