import { expect, it } from 'vitest';
import { Refusal } from '../../domain/errors.ts';
import type { Resolve } from './dispatcher.ts';
import { createEarlyCheck } from './early-check.ts';

const inside: Resolve = async () => [{ address: '10.1.2.3', family: 4 }];
const nowhere: Resolve = () => Promise.reject(new Error('ENOTFOUND'));

const outcomeOf = async (url: string, allowedPrivateNetworks: readonly string[] = [], resolve?: Resolve) =>
  createEarlyCheck({
    allowedPrivateNetworks,
    resolve: resolve ?? (async () => [{ address: '8.8.8.8', family: 4 }]),
  })(url).then(
    () => 'may be called',
    (error: unknown) => (error instanceof Refusal ? error.code : error),
  );

it.each([
  'no address',
  '',
  'ftp://files.example.com',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'http://hooks.example.com',
  'https://user:secret@hooks.example.com',
  'https://user@hooks.example.com',
  'https://127.0.0.1/',
  'https://0x7f000001/',
  'https://[::1]:8443/',
  'https://169.254.169.254/latest/meta-data',
])('the early check rejects %s', async (url) => {
  expect(await outcomeOf(url)).toBe('address_not_allowed');
});

it('the early check accepts public encrypted addresses on any port', async () => {
  expect(await outcomeOf('https://hooks.example.com/castmatch?tenant=1')).toBe('may be called');
  expect(await outcomeOf('https://calendar.example.com:8443')).toBe('may be called');
});

it('the early check accepts allowed networks, encrypted or not', async () => {
  expect(await outcomeOf('http://127.0.0.1:5232/', ['127.0.0.0/8'])).toBe('may be called');
});

it('the early check rejects a name that resolves to a private address', async () => {
  expect(await outcomeOf('https://hooks.example.com', [], inside)).toBe('address_not_allowed');
});

it('the early check accepts a name that does not resolve yet', async () => {
  expect(await outcomeOf('https://hooks.example.com', [], nowhere)).toBe('may be called');
});
