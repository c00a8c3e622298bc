/** Prints the live timeline: seconds since the request, state of the audition, event. */
import pc from 'picocolors';
import type { AuditionEvent } from '../../../domain/audition/events.ts';
import { type AuditionView, createView, foldEvent } from '../../../domain/audition/view.ts';
import { type FactLine, factLine } from './fact-line.ts';
import type { ActivityLine } from './history.ts';

export interface Timeline {
  /** Prints the event and returns the view of the audition after it. */
  event(event: AuditionEvent): AuditionView;
  activity(line: ActivityLine): void;
  /** Prints a retry of an activity. */
  retrying(line: { readonly activity: string; readonly attempt: number; readonly reason: string }): void;
  /** Prints an action of the demo. */
  step(text: string): void;
  /**
   * Prints what the demo waits for, immediately and every few seconds with the time that is left, until `endsMs` (epoch
   * milliseconds) or until the returned function is called.
   */
  waiting(what: string, endsMs: number): () => void;
}

const tones: Readonly<Record<FactLine['tone'], (text: string) => string>> = {
  good: pc.green,
  plain: (text) => text,
  warning: pc.yellow,
};

/** A longer silence looks as if the demo hung. */
const repeatEveryMs = 5_000;

/** Creates a timeline. `now` returns epoch milliseconds. */
export const createTimeline = (print: (line: string) => void, now: () => number = Date.now): Timeline => {
  const began = now();
  let view: AuditionView | undefined;
  const line = (state: string, text: string) => {
    const seconds = ((now() - began) / 1_000).toFixed(1).padStart(6);
    print(`${pc.dim(`${seconds} s`)}  ${pc.cyan(state.padEnd(17))} ${text}`);
  };
  return {
    event(event) {
      view = view ? foldEvent(view, event) : createView(event);
      const { text, tone } = factLine(event.fact);
      line(view.state, tones[tone](text));
      return view;
    },
    activity({ activity, taskQueue, attempts, durationMs, outcome }) {
      const tries = attempts > 1 ? `, ${attempts} attempts` : '';
      const text = `· ${activity} on ${taskQueue}: ${outcome} in ${Math.round(durationMs)} ms${tries}`;
      line('', outcome === 'done' ? pc.dim(text) : pc.yellow(text));
    },
    retrying({ activity, attempt, reason }) {
      line('', pc.yellow(`· ${activity} retried, attempt ${attempt}: ${reason}`));
    },
    step(text) {
      line('', pc.magenta(`→ ${text}`));
    },
    waiting(what, endsMs) {
      const report = () => {
        const left = Math.ceil((endsMs - now()) / 1_000);
        if (left > 0) line('', pc.dim(`… waiting for ${what}: ${left} s`));
      };
      report();
      const repeated = setInterval(report, repeatEveryMs);
      return () => clearInterval(repeated);
    },
  };
};
