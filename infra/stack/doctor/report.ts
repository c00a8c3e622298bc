/** `npm run stack:doctor`: what is there, what is missing, and how to get it. */
import pc from 'picocolors';
import { gatherFacts } from './facts.ts';
import { type Finding, findingsOf, stackCanStart, type Verdict } from './findings.ts';

/** Answers with the exit code: 1 when `npm start` could not work. */
export const runDoctor = async (
  env: NodeJS.ProcessEnv,
  output: { write(text: string): unknown },
): Promise<number> => {
  const findings = findingsOf(await gatherFacts(env));
  for (const finding of findings) output.write(`${shown(finding)}\n`);
  const healthy = stackCanStart(findings);
  output.write(healthy ? pc.green('\nnpm start can work.\n') : pc.red('\nnpm start cannot work yet.\n'));
  return healthy ? 0 : 1;
};

const marks: Readonly<Record<Verdict, string>> = {
  good: pc.green('✓'),
  blocks: pc.red('✗'),
  note: pc.yellow('·'),
};

const shown = ({ about, verdict, found, whatToDo }: Finding): string => {
  const line = `${marks[verdict]} ${about.padEnd(14)} ${found}`;
  if (whatToDo === undefined) return line;
  return [line, ...whatToDo.split('\n').map((text) => `${' '.repeat(17)}${pc.dim(text)}`)].join('\n');
};
