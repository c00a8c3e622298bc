/** Draws the transition table as a Mermaid state diagram, so that the picture in the docs cannot lag behind. */
import type { AuditionState } from './states.ts';
import { auditionTransitions, type Transition } from './transitions.ts';

/** What may end an audition from any open state is said once, in a note: eight arrows more would hide the story. */
const isFromEveryOpenState = ({ on }: Transition): boolean => on === 'cancelled' || on === 'failed';

/** The text of the diagram, one line an arrow; several facts on the same way share an arrow. */
export const renderStateDiagram = (): string => {
  const ways = new Map<string, { from: AuditionState; to: AuditionState; labels: string[] }>();
  for (const transition of auditionTransitions.filter((one) => !isFromEveryOpenState(one))) {
    const { from, to } = transition;
    const way = ways.get(`${from} ${to}`) ?? { from, to, labels: [] };
    way.labels.push(labelOf(transition));
    ways.set(`${from} ${to}`, way);
  }
  return [
    'stateDiagram-v2',
    '  [*] --> requested: requested',
    ...[...ways.values()].map(({ from, to, labels }) => `  ${from} --> ${to}: ${labels.join(' / ')}`),
    '  closed --> [*]',
    '  note left of closed: cancelled and failed lead here from every open state',
  ].join('\n');
};

const labelOf = ({ on, outcome }: Transition): string => {
  if (outcome === undefined || outcome === on) return on;
  return `${on} (${outcome === 'as_decided' ? 'callback, booked or released' : outcome})`;
};

/** The page `docs/states.md`. */
export const renderStatesPage = (): string => `# The states of an audition

Drawn from the transition table in \`domain/audition/transitions.ts\` by \`npm run docs:states\`; a test fails when this
page is out of date. An arrow carries the fact that moves the audition, and its outcome where it ends. Facts that do
not move it (a delivery, a check-in, an attention item) may be recorded in any state.

\`\`\`mermaid
${renderStateDiagram()}
\`\`\`
`;
