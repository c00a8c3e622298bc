/** Renders the transition table as a Mermaid state diagram, so that the docs stay in step with the code. */
import type { AuditionState } from './states.ts';
import { auditionTransitions, type Transition } from './transitions.ts';

/** Transitions from every open state are summarized in a note, because their arrows would clutter the diagram. */
const isFromEveryOpenState = ({ on }: Transition): boolean => on === 'cancelled' || on === 'failed';

/** Returns the text of the diagram. Facts with the same source and target state share an arrow. */
export const renderStateDiagram = (): string => {
  const arrows = new Map<string, { from: AuditionState; to: AuditionState; labels: string[] }>();
  for (const transition of auditionTransitions.filter((row) => !isFromEveryOpenState(row))) {
    const { from, to } = transition;
    const arrow = arrows.get(`${from} ${to}`) ?? { from, to, labels: [] };
    arrow.labels.push(labelOf(transition));
    arrows.set(`${from} ${to}`, arrow);
  }
  return [
    'stateDiagram-v2',
    '  [*] --> requested: requested',
    ...[...arrows.values()].map(({ from, to, labels }) => `  ${from} --> ${to}: ${labels.join(' / ')}`),
    '  closed --> [*]',
    '  note left of closed: cancelled and failed lead here from every open state',
  ].join('\n');
};

const labelOf = ({ on, outcome }: Transition): string => {
  if (outcome === undefined || outcome === on) return on;
  return `${on} (${outcome === 'as_decided' ? 'callback, booked or released' : outcome})`;
};

/** Returns the page `docs/states.md`. */
export const renderStatesPage = (): string => `# States of an audition

\`npm run docs:states\` generates this page from the transition table in \`domain/audition/transitions.ts\`. A test
fails when the page is out of date. Each arrow shows the fact that changes the state and, where it closes the audition,
the outcome. Other facts (a delivery, a check-in, an attention item) can be recorded in any state.

\`\`\`mermaid
${renderStateDiagram()}
\`\`\`
`;
