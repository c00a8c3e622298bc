/** `npm run docs:states`: generates docs/states.md from the transition table. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderStatesPage } from '../../domain/audition/state-diagram.ts';

const page = join(import.meta.dirname, '../../docs/states.md');
await writeFile(page, renderStatesPage());
console.log('docs/states.md written');
