/**
 * Runs the sandbox as a process: `node infra/sandbox/main.ts`. Configured by the SANDBOX_* variables below.
 */
import { env } from 'node:process';
import closeWithGrace from 'close-with-grace';
import { z } from 'zod';
import { startSandbox } from './sandbox.ts';

const environmentSchema = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_DATA_FILE: z.string().min(1).optional(),
  /** Zoom's limit of creations and updates per host and day. 0 means no limit. */
  SANDBOX_ZOOM_DAILY_LIMIT: z.coerce.number().int().min(0).optional(),
  /** The address that receives Zoom's events. */
  SANDBOX_ZOOM_WEBHOOK_URL: z.url().optional(),
});

const environment = environmentSchema.parse(env);
const sandbox = await startSandbox({
  host: environment.SANDBOX_HOST,
  port: environment.SANDBOX_PORT,
  dataFile: environment.SANDBOX_DATA_FILE,
  zoom: {
    dailyLimit: environment.SANDBOX_ZOOM_DAILY_LIMIT,
    webhookUrl: environment.SANDBOX_ZOOM_WEBHOOK_URL,
    pastStarts: 'ignored',
  },
});
process.stdout.write(`The provider sandbox listens on ${sandbox.url}\n`);
closeWithGrace(async () => sandbox.close());
