/** Guards decision 89: modules of the workflow code are shared by all auditions of a worker, so they hold no state. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const project = fileURLToPath(new URL('..', import.meta.url));
const folders = ['workflows', 'domain', 'activities/contracts'];

/** Remembers names of zones that exist, which are the same for every audition, and is not part of the workflow code. */
const permitted = ['domain/time/known-zone.ts: const known = new Set'];

/** What can change and lies outside of functions. Formatted code begins such a line without a space. */
const stateful =
  /^(?:export )?(?:let|var) \w+|^(?:export )?const \w+(?:: (?!Readonly)[^=]+)? = new (?:Map|Set|WeakMap|WeakSet)|^(?:export )?const \w+: (?:\w+\[\]|(?:Map|Set|Record)<)[^=]*=|^\s+static (?!readonly)\w+ *[:=]/gm;

const sources = folders
  .flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(folder, name),
    ),
  )
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

it('modules of the workflow code hold no state that one audition could leave to another', () => {
  const found = sources.flatMap((name) =>
    (readFileSync(join(project, name), 'utf8').match(stateful) ?? []).map((line) => `${name}: ${line}`),
  );
  expect(sources.length).toBeGreaterThan(150);
  expect(found).toEqual(permitted);
});
