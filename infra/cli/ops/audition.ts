/** How the terminal shows an audition. */
import { z } from 'zod';
import { type AttentionItem, attentionItemSchema } from '../../../domain/audition/attention.ts';
import { renderFacts, renderTable, terminalWidth, wrapText } from '../table.ts';

/** The fields of an audition that the terminal shows. `--json` shows all fields. */
export const auditionSchema = z.looseObject({
  id: z.string(),
  project: z.string(),
  role: z.string(),
  round: z.string(),
  state: z.string(),
  outcome: z.string().optional(),
  revision: z.int(),
  sequence: z.int().describe('The number of the last event of the trail'),
  slot: z
    .object({ start: z.string(), end: z.string(), zone: z.string(), room: z.string().optional() })
    .optional(),
  participants: z.array(
    z.object({ id: z.string(), kind: z.string(), answer: z.string(), checkedIn: z.boolean() }),
  ),
  attention: z.array(attentionItemSchema),
  meeting: z.object({ provider: z.string(), id: z.string(), joinUrl: z.string() }).optional(),
  roomBooking: z.object({ connection: z.string(), answer: z.string() }).optional(),
  calendarEvents: z.array(
    z.object({ participant: z.string(), provider: z.string(), connection: z.string(), eventId: z.string() }),
  ),
  notices: z.array(
    z.object({
      participant: z.string(),
      channel: z.string(),
      notice: z.string(),
      revision: z.int(),
      at: z.string(),
      status: z.string(),
    }),
  ),
});
type Audition = z.infer<typeof auditionSchema>;

const indented = (text: string): string =>
  `  ${wrapText(text, terminalWidth() - 2).replaceAll('\n', '\n  ')}`;

/** Returns attention items as paragraphs: their sentences are too long for the columns of a table. */
export const describeItems = (items: readonly AttentionItem[]): string =>
  items
    .map(({ id, step, what, hint, actions, dueAt, overdue }) =>
      [
        `${id}  ${step}, ${overdue ? 'OVERDUE, next due' : 'due'} ${dueAt}`,
        indented(what),
        indented(hint),
        indented(`actions: ${actions.join(', ')}`),
      ].join('\n'),
    )
    .join('\n\n');

/** The calendar events and the notices. The provider has the events under these ids. */
const arranged = ({ calendarEvents, notices }: Audition): readonly string[] => [
  calendarEvents.length === 0
    ? 'No calendar event was written.'
    : renderTable(
        ['calendar of', 'connection', 'event'],
        calendarEvents.map(({ participant, provider, connection, eventId }) => [
          participant,
          connection,
          `${provider} ${eventId}`,
        ]),
      ),
  notices.length === 0
    ? 'No notice was sent.'
    : renderTable(
        ['notice to', 'channel', 'notice', 'sent', 'status'],
        notices.map(({ participant, channel, notice, revision, at, status }) => [
          participant,
          channel,
          `${notice}, revision ${revision}`,
          at,
          status,
        ]),
      ),
];

/** Returns the audition with its participants, what was arranged for it, and its attention items. */
export const describeAudition = (audition: Audition): string => {
  const { id, project, role, round, state, outcome, slot, revision } = audition;
  const { meeting, roomBooking } = audition;
  const booking = roomBooking && ` (booked with ${roomBooking.connection}: ${roomBooking.answer})`;
  const facts: [string, string][] = [
    ['audition', id],
    ['project / role', `${project} / ${role}, ${round}`],
    ['state', outcome === undefined ? state : `${state}: ${outcome}`],
    ['slot', slot ? `${slot.start} – ${slot.end} (${slot.zone}), revision ${revision}` : 'none'],
    ['room', `${slot?.room ?? 'none'}${booking ?? ''}`],
    ['meeting', meeting ? `${meeting.provider} ${meeting.id}\n${meeting.joinUrl}` : 'none'],
  ];
  const people = audition.participants.map((participant) => [
    participant.id,
    participant.kind,
    participant.answer,
    participant.checkedIn ? 'yes' : 'no',
  ]);
  return [
    renderFacts(facts),
    renderTable(['participant', 'kind', 'answer', 'checked in'], people),
    ...arranged(audition),
    audition.attention.length > 0 ? describeItems(audition.attention) : 'No item needs attention.',
  ].join('\n');
};
