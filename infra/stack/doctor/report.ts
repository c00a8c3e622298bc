/** `npm run stack:doctor`: reports what is installed, what is missing, and how to get it. */
import pc from 'picocolors';
import { type Finding, findingsOf, isUntried, stackCanStart, type Verdict } from './findings.ts';
import { inspectSystem } from './inspect-system.ts';

/** Prints the report. Returns the exit code: 1 when `npm start` cannot work. */
export const runDoctor = async (
  env: NodeJS.ProcessEnv,
  output: { write(text: string): unknown },
): Promise<number> => {
  const findings = findingsOf(await inspectSystem(env));
  for (const finding of findings) output.write(`${linesOf(finding)}\n`);
  const healthy = stackCanStart(findings);
  output.write(`\n${conclusion(findings)}\n`);
  return healthy ? 0 : 1;
};

const conclusion = (findings: readonly Finding[]): string => {
  if (!stackCanStart(findings)) return pc.red('npm start cannot work yet.');
  return isUntried(findings)
    ? pc.yellow('npm start can work if the missing programs can be fetched.')
    : pc.green('npm start can work.');
};

const marks: Readonly<Record<Verdict, string>> = {
  good: pc.green('✓'),
  blocks: pc.red('✗'),
  untried: pc.yellow('?'),
  note: pc.yellow('·'),
};

const linesOf = ({ about, verdict, found, whatToDo }: Finding): string => {
  const line = `${marks[verdict]} ${about.padEnd(14)} ${found}`;
  if (whatToDo === undefined) return line;
  return [line, ...whatToDo.split('\n').map((text) => `${' '.repeat(17)}${pc.dim(text)}`)].join('\n');
};
