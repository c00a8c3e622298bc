/** The way of wrapping data keys that the configuration asks for. */
import type { Configuration } from '../configuration/configuration.ts';
import { createKeyRing } from './key-ring.ts';
import type { KeyWrapping } from './key-wrapping.ts';

export const createKeyWrapping = ({ masterKeys }: Pick<Configuration, 'masterKeys' | 'kms'>): KeyWrapping =>
  createKeyRing(masterKeys);
