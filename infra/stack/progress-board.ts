/** Shows one line for each part that is being started. On a terminal the lines are updated in place. */
import pc from 'picocolors';
import type { Progress } from './build-once.ts';

export interface ProgressBoard {
  /** Shows the progress of `work` under its name until it ends. Rethrows its error. */
  follow<Result>(name: string, work: (progress: Progress) => Promise<Result>): Promise<Result>;
  /** Prints a separate line. */
  print(line: string): void;
}

export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

interface Line {
  readonly name: string;
  readonly since: number;
  text: string;
  mark: string;
  isRunning: boolean;
}

/** Without a terminal, the progress of long work is printed at this interval. A terminal shows the seconds. */
const repeatEveryMs = 10_000;
const redrawEveryMs = 1_000;

/** Creates a board on a screen, such as `process.stdout`. */
export const createProgressBoard = (screen: Screen): ProgressBoard => {
  const lines: Line[] = [];
  let drawn = 0;

  const draw = (): void => {
    const up = drawn > 0 ? `\u001B[${drawn}A\u001B[0J` : '';
    screen.write(up + lines.map((line) => `${render(line)}\n`).join(''));
    drawn = lines.length;
  };
  const print = (text: string): void => {
    if (screen.isTTY && drawn > 0) screen.write(`\u001B[${drawn}A\u001B[0J`);
    screen.write(`${text}\n`);
    drawn = 0;
    if (screen.isTTY) draw();
  };

  return {
    print,
    async follow(name, work) {
      const line: Line = { name, since: Date.now(), text: '', mark: pc.yellow('…'), isRunning: true };
      lines.push(line);
      let lastPrinted = 0;
      const change = (text: string, mark = line.mark): void => {
        const ended = mark !== line.mark;
        Object.assign(line, { text, mark, isRunning: !ended });
        if (screen.isTTY) draw();
        else if (ended || Date.now() - lastPrinted >= repeatEveryMs) {
          screen.write(`${render(line)}\n`);
          lastPrinted = Date.now();
        }
      };
      const lasting = setInterval(() => change(line.text), screen.isTTY ? redrawEveryMs : repeatEveryMs);
      try {
        const result = await work(change);
        change(`${((Date.now() - line.since) / 1_000).toFixed(1)} s`, pc.green('✓'));
        return result;
      } catch (error) {
        change('failed', pc.red('✗'));
        throw error;
      } finally {
        clearInterval(lasting);
      }
    },
  };
};

const render = ({ mark, name, text, since, isRunning }: Line): string => {
  const seconds = Math.floor((Date.now() - since) / 1_000);
  const lasting = isRunning && seconds >= 2 ? ` ${seconds} s` : '';
  return `${mark} ${name.padEnd(18)} ${pc.dim(text + lasting)}`;
};
