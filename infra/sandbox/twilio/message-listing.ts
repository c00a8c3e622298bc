/** Implements the list of messages: filters by number and date, newest first, in pages. */
import { z } from 'zod';
import { dayMs } from '../time.ts';
import { type Rendering, renderMessage, type StoredMessage, shownNumbers } from './message.ts';

/** `DateSent<` arrives as `DateSent<=2026-01-01`, which means `<=`. The bounds are inclusive. */
export const messageQuerySchema = z.object({
  To: z.string().optional(),
  From: z.string().optional(),
  DateSent: z.string().optional(),
  'DateSent<': z.string().optional(),
  'DateSent>': z.string().optional(),
  PageSize: z.coerce.number().int().min(1).max(1000).default(50),
  Page: z.coerce.number().int().min(0).default(0),
});
type MessageQuery = z.infer<typeof messageQuerySchema>;

const isDate = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text);

/** A message that is not sent yet is matched by its creation date. */
const matcher = (query: MessageQuery, rendering: Rendering) => {
  const on = query.DateSent;
  const until = query['DateSent<'];
  const from = query['DateSent>'];
  const earliest = Math.max(
    from === undefined ? -Infinity : Date.parse(from),
    on === undefined ? -Infinity : Date.parse(on.slice(0, 10)),
  );
  const latest = Math.min(
    until === undefined ? Infinity : Date.parse(until) + (isDate(until) ? dayMs - 1 : 999),
    on === undefined ? Infinity : Date.parse(on.slice(0, 10)) + dayMs - 1,
  );
  return (message: StoredMessage) => {
    const sent = message.sent ?? message.created;
    const { to, from: sender } = shownNumbers(message, rendering);
    return (
      (query.To === undefined || to === query.To) &&
      (query.From === undefined || sender === query.From) &&
      sent >= earliest &&
      sent <= latest
    );
  };
};

/** Returns one page as Twilio does. `next_page_uri` is null on the last page. */
export const listMessages = (
  messages: readonly StoredMessage[],
  query: MessageQuery,
  rendering: Rendering,
) => {
  const { accountSid } = rendering;
  const matching = messages.filter(matcher(query, rendering));
  const start = query.Page * query.PageSize;
  const page = matching.slice(start, start + query.PageSize);
  const path = `/2010-04-01/Accounts/${accountSid}/Messages.json`;
  const uri = (number: number) => {
    const filters = Object.entries(query).filter(([name, value]) => value !== undefined && name !== 'Page');
    const parameters = filters.map(([name, value]): [string, string] => [name, String(value)]);
    return `${path}?${new URLSearchParams([...parameters, ['Page', String(number)]]).toString()}`;
  };
  const last = start + query.PageSize >= matching.length;
  return {
    messages: page.map((message) => renderMessage(message, rendering)),
    page: query.Page,
    page_size: query.PageSize,
    start,
    end: start + Math.max(page.length - 1, 0),
    uri: uri(query.Page),
    first_page_uri: uri(0),
    next_page_uri: last ? null : uri(query.Page + 1),
    previous_page_uri: query.Page === 0 ? null : uri(query.Page - 1),
  };
};
