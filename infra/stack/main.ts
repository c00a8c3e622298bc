/** The command line of `npm start`, `npm run demo` and `npm run stack:doctor`. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { runDemo } from './demo/demo.ts';
import { faultNames } from './demo/faults.ts';
import { runDoctor } from './doctor/report.ts';
import { dataPath } from './paths.ts';
import { runStart } from './start.ts';

const startOptions = z.object({ data: z.string(), anyPort: z.boolean() });
const demoOptions = startOptions.extend({
  fail: z.enum(faultNames).optional(),
  keep: z.boolean(),
  brief: z.boolean(),
});

const program = new Command('castmatch').description(
  'Runs the local stack on this machine. Needs no accounts.',
);

program
  .command('start')
  .description('start the stack, print its addresses, and run until Ctrl-C')
  .option('--data <folder>', 'folder for data and logs', dataPath())
  .option('--any-port', 'use free ports instead of the preferred ones', false)
  .action(async (options: unknown) => {
    const { data, anyPort } = startOptions.parse(options);
    process.exit(await runStart({ dataFolder: resolve(data), anyFreePort: anyPort }));
  });

program
  .command('demo')
  .description('start a stack without data and run one audition from request to decision')
  .addOption(new Option('--fail <what>', 'run the demo with a fault').choices(faultNames))
  .option('--keep', 'keep the stack running afterwards', false)
  .option('--brief', 'omit the pauses for reading', false)
  .option('--data <folder>', 'folder for data and logs', dataPath('demo'))
  .option('--any-port', 'use free ports instead of the preferred ones', false)
  .action(async (options: unknown) => {
    const { data, anyPort, fail, keep, brief } = demoOptions.parse(options);
    process.exit(await runDemo({ dataFolder: resolve(data), anyFreePort: anyPort, fail, keep, brief }));
  });

program
  .command('doctor')
  .description('report what is installed, what is missing, and how to get it')
  .action(async () => {
    process.exitCode = await runDoctor(process.env, process.stdout);
  });

await program.parseAsync();
