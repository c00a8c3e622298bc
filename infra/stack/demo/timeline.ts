/** The live timeline in the terminal: seconds since the request, the audition's state, what happened. */
import pc from 'picocolors';
import type { AuditionEvent } from '../../../domain/audition/events.ts';
import { type AuditionView, createView, foldEvent } from '../../../domain/audition/view.ts';
import { type FactLine, factLine } from './fact-line.ts';
import type { ActivityLine } from './history.ts';

export interface Timeline {
  /** Prints the event and answers with the audition as it is after it. */
  event(event: AuditionEvent): AuditionView;
  activity(line: ActivityLine): void;
  /** An activity that is being tried again. */
  retrying(line: { readonly activity: string; readonly attempt: number; readonly reason: string }): void;
  /** Something the demo itself does. */
  step(text: string): void;
}

const tones: Readonly<Record<FactLine['tone'], (text: string) => string>> = {
  good: pc.green,
  plain: (text) => text,
  warning: pc.yellow,
};

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
      line('', pc.yellow(`· ${activity} tried again, attempt ${attempt}: ${reason}`));
    },
    step(text) {
      line('', pc.magenta(`→ ${text}`));
    },
  };
};
