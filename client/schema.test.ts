import { readFile } from 'node:fs/promises';
import openApiTypes, { astToString } from 'openapi-typescript';
import { expect, it } from 'vitest';

/** A field of a request that has a default is optional. */
const options = { defaultNonNullable: false };

it('the types of the client are those of docs/openapi.json (regenerate them with: npm run docs:openapi)', async () => {
  const document = await readFile(new URL('../docs/openapi.json', import.meta.url), 'utf8');
  const text = astToString(await openApiTypes(document, options));
  await expect(`/** Generated from docs/openapi.json by openapi-typescript. */\n${text}`).toMatchFileSnapshot(
    './schema.ts',
  );
}, 60_000);
