/** Who an account is: always the same ids for the same address. */
import { createHash } from 'node:crypto';

const guidOf = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};

export const objectIdOf = (account: string): string => guidOf(account);

/** Differs from app to app. */
export const subjectOf = (account: string): string =>
  createHash('sha256').update(`sub ${account}`).digest('base64url');

export const displayNameOf = (account: string): string => account.split('@')[0] ?? account;
