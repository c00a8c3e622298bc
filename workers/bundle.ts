/**
 * Writes the workflow bundle that production workers load and the replay tests replay against (`npm run
 * build:bundle`).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../foundation/observability/logger.ts';
import { bundleWorkflows } from './workflow-code.ts';

const target = fileURLToPath(new URL('../build/workflow-bundle.js', import.meta.url));

const logger = createLogger({ level: 'warn', process: 'bundle' });
const { code } = await bundleWorkflows(logger);
await mkdir(new URL('../build/', import.meta.url), { recursive: true });
await writeFile(target, code);
process.stdout.write(`build/workflow-bundle.js, ${Math.round(code.length / 1024)} KB\n`);
