import { describe, expect, it } from 'vitest';
import { createTokenSigner } from './signed-token.ts';

const signer = createTokenSigner(
  [{ key: Buffer.alloc(32, 1) }, { key: Buffer.alloc(32, 2) }],
  'castmatch test v1',
);
const older = createTokenSigner([{ key: Buffer.alloc(32, 2) }], 'castmatch test v1');
const fields = ['org_1', 'Zoë'];

/** Texts that a lenient decoder of Base64 reads as the same code. */
const variantsOf = (token: string): readonly string[] => {
  const [content = '', mac = ''] = token.split('.');
  const standard = mac.replaceAll('-', '+').replaceAll('_', '/');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const others = Array.from(alphabet, (last) => `${mac.slice(0, -1)}${last}`);
  return [
    `${mac}~`,
    `${mac}=`,
    `${mac}==`,
    `${mac.slice(0, 5)}~${mac.slice(5)}`,
    `${mac} `,
    standard,
    ...others,
  ]
    .filter((variant) => variant !== mac)
    .map((variant) => `${content}.${variant}`);
};

describe('a signed token', () => {
  it.each([signer, older])('is accepted in the one text that was signed', (by) => {
    const token = by.sign(fields);
    expect(signer.verify(token)).toEqual(fields);
    expect(variantsOf(token).filter((variant) => signer.verify(variant) !== undefined)).toEqual([]);
  });

  it('is refused when a limit per token could count it as another one', () => {
    const token = signer.sign(fields);
    const [content = '', mac = ''] = token.split('.');
    for (const altered of [`${content}~.${mac}`, `${content}=.${mac}`, `${token}.`, `.${mac}`, '', content])
      expect(signer.verify(altered)).toBeUndefined();
  });
});
