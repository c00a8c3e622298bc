/** `npm start`, `npm run demo`, `npm run stack:doctor`. */
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
  'The local stack: everything on this machine, without accounts.',
);

program
  .command('start')
  .description('start everything, show where it is, and run until Ctrl-C')
  .option('--data <folder>', 'where to keep data and logs', dataPath())
  .option('--any-port', 'take free ports and not the usual ones', false)
  .action(async (options: unknown) => {
    const { data, anyPort } = startOptions.parse(options);
    process.exit(await runStart({ dataFolder: resolve(data), anyFreePort: anyPort }));
  });

program
  .command('demo')
  .description('start everything afresh and run one audition from request to decision')
  .addOption(new Option('--fail <what>', 'break something and watch what happens').choices(faultNames))
  .option('--keep', 'leave the stack up afterwards', false)
  .option('--brief', 'without the pauses in which one can read along', false)
  .option('--data <folder>', 'where to keep data and logs', dataPath('demo'))
  .option('--any-port', 'take free ports and not the usual ones', false)
  .action(async (options: unknown) => {
    const { data, anyPort, fail, keep, brief } = demoOptions.parse(options);
    process.exit(await runDemo({ dataFolder: resolve(data), anyFreePort: anyPort, fail, keep, brief }));
  });

program
  .command('doctor')
  .description('say what is there, what is missing, and how to get it')
  .action(async () => {
    process.exitCode = await runDoctor(process.env, process.stdout);
  });

await program.parseAsync();
