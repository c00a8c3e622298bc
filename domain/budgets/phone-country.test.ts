import { expect, it } from 'vitest';
import { isSmsAllowed } from './phone-country.ts';

it.each([
  ['+12125551234', 'US'],
  ['+15005550003', 'US'],
  ['+14165550123', 'CA'],
  ['+79161234567', 'RU'],
  ['+77011234567', 'KZ'],
  ['+447400123456', 'GB'],
  ['+447797123456', 'JE'],
  ['+33612345678', 'FR'],
] as const)('%s is a number of %s', (phone, country) => {
  expect(isSmsAllowed(phone, [country])).toBe(true);
  expect(isSmsAllowed(phone, [])).toBe(false);
});

it.each([
  ['Canada, with the prefix of the United States', '+14165550123', 'US'],
  ['Jamaica', '+18765550123', 'US'],
  ['the Dominican Republic', '+18095551234', 'US'],
  ['Kazakhstan, with the prefix of Russia', '+77011234567', 'RU'],
  ['Jersey, with the prefix of the United Kingdom', '+447797123456', 'GB'],
  ['the Isle of Man', '+447624123456', 'GB'],
  ['a satellite', '+881612345678', 'US'],
  ['an international premium service', '+97912345678', 'US'],
  ['a premium service of the United States', '+19005551234', 'US'],
  ['a premium service of the United Kingdom', '+449098790123', 'GB'],
  ['a personal number of the United Kingdom, which shares revenue', '+447012345678', 'GB'],
  ['a shared-cost service of Germany', '+4918012345678', 'DE'],
  ['a premium service of France', '+33899123456', 'FR'],
] as const)('a number of %s is not on the list', (_owner, phone, listed) => {
  expect(isSmsAllowed(phone, [listed])).toBe(false);
  expect(isSmsAllowed(phone, 'any')).toBe(true);
});
