/**
 * Writes the workflow bundle that production workers load and the replay tests replay against (`npm run build:bundle`), or, for a
 * worker that has none, to the path of the first argument.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../foundation/observability/logger.ts';
import { bundleWorkflows } from './workflow-code.ts';

const [, , path] = process.argv;
const target = path ?? fileURLToPath(new URL('../build/workflow-bundle.js', import.meta.url));

const logger = createLogger({ level: 'warn', process: 'bundle' });
const { code } = await bundleWorkflows(logger);
await mkdir(dirname(target), { recursive: true });
await writeFile(target, code);
process.stdout.write(`${path ?? 'build/workflow-bundle.js'}, ${Math.round(code.length / 1024)} KB\n`);
