import { z } from 'zod';

/** A 256-bit key and its id. All data sealed with the key carries the id. */
export interface MasterKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const keyBytes = 32;

const parseMasterKey = (text: string): MasterKey | undefined => {
  const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(text.trim());
  const [, id, encoded] = match ?? [];
  if (id === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length === keyBytes ? { id, key } : undefined;
};

/** Parses a key ring: `id:base64key,id2:base64key`, newest first. */
export const masterKeyRing = z.string().transform((text, context): readonly MasterKey[] => {
  const keys = text.split(',').map(parseMasterKey);
  const wellFormed = keys.filter((key) => key !== undefined);
  const ids = new Set(wellFormed.map(({ id }) => id));
  if (wellFormed.length !== keys.length || ids.size !== keys.length) {
    context.addIssue({ code: 'custom', message: 'not a key ring' });
    return z.NEVER;
  }
  return wellFormed;
});
