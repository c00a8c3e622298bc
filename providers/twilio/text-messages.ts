/** Implements `TextMessageProvider` for Twilio. https://www.twilio.com/docs/messaging/api/message-resource */
import { z } from 'zod';
import { providerError } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, TextMessageProvider } from '../ports.ts';
import type { TwilioClient } from './client.ts';
import { fromTwilio } from './errors.ts';
import { messageStatusSchema } from './message-status.ts';
import { lookBackMs, maxPages, messagesPerPage, redactedLookBackMs } from './settings.ts';

const findOperation = operationOf('twilio', 'textMessages.find');
const sendOperation = operationOf('twilio', 'textMessages.send');
const statusOperation = operationOf('twilio', 'textMessages.status');

const sentSchema = z.object({ sid: z.string().min(1) });
/** The library returns an unreadable date unchanged. It counts as missing, so the search continues. */
const listedSchema = z.object({
  sid: z.string().min(1),
  to: z.string().nullish(),
  body: z.string().nullish(),
  dateCreated: z.date().optional().catch(undefined),
});
/** The error code is that of https://www.twilio.com/docs/api/errors. It is null while nothing has failed. */
const fetchedSchema = z.object({ status: messageStatusSchema, errorCode: z.number().nullish() });
type Listed = z.infer<typeof listedSchema>;

/** The used part of the library's pages. */
interface Page {
  readonly instances: readonly unknown[];
  nextPage(): Promise<Page> | undefined;
}

type Filter = NonNullable<
  Parameters<Parameters<Parameters<TwilioClient['exchange']>[2]>[0]['messages']['page']>[0]
>;
type Found = Awaited<ReturnType<TextMessageProvider['find']>>;

/** Reads the pages of a list until `examine` returns a result. Newest first. Undefined: the list has ended. */
const searchPages = async (
  client: TwilioClient,
  call: CallContext,
  filter: Filter,
  examine: (messages: readonly Listed[]) => { readonly found: Found } | undefined,
): Promise<{ readonly found: Found } | undefined> => {
  let page: Page = await client.exchange(findOperation, call, (library) =>
    library.messages.page({ ...filter, pageSize: messagesPerPage }),
  );
  for (let read = 1; read <= maxPages; read += 1) {
    const result = examine(readPage(page.instances, call));
    if (result) return result;
    const next = await client.exchange(findOperation, call, async () => page.nextPage());
    if (!next) return undefined;
    page = next;
  }
  // An incomplete list must not count as "no such message".
  throw providerError(
    findOperation,
    { kind: 'retry', effect: 'none' },
    { message: `there are more than ${maxPages} pages of messages` },
  );
};

/** As an account with Phone Number Redaction lists the number of a message that was sent. */
const redactedNumber = (number: string): string => `${number.slice(0, -4)}XXXX`;

/** Creates the provider. Every method throws `ProviderError`. */
export const createTwilioTextMessages = (
  client: TwilioClient,
  messagingServiceSid: string,
): TextMessageProvider => ({
  name: 'twilio',
  /**
   * Searches by the reference, without a time filter: a message in Twilio's queue has no `DateSent`, so a filter by it
   * would hide the message. An account with Message Redaction has no texts: the outcome is then unknown when there is a message
   * to the number since the attempt. With Phone Number Redaction the number of a message that was sent is not complete, so no
   * filter by the number finds it: those since the attempt are searched for the rest of the number. The setting is that of the
   * account, so a page without such numbers ends the search. https://www.twilio.com/docs/messaging/guides/privacy-message-redaction
   */
  find: async ({ to, reference }, since, call) => {
    const earliest = Date.parse(since) - lookBackMs;
    const earliestRedacted = new Date(Date.parse(since) - redactedLookBackMs);
    let hasRedacted = false;
    const absent = (): Found => (hasRedacted ? 'unknown' : undefined);
    const examine = (messages: readonly Listed[]) => {
      const ours = messages.find(({ body }) => containsReference(body, reference));
      if (ours) return { found: { id: ours.sid } };
      hasRedacted ||= messages.some(
        ({ body, dateCreated }) => !body && !(dateCreated && dateCreated < earliestRedacted),
      );
      return undefined;
    };
    const byNumber = await searchPages(client, call, { to }, (messages) => {
      const isPast = messages.some(({ dateCreated }) => dateCreated && dateCreated.getTime() < earliest);
      return examine(messages) ?? (isPast ? { found: absent() } : undefined);
    });
    const found = byNumber?.found ?? absent();
    if (found) return found;
    const redacted = await searchPages(client, call, { dateSentAfter: earliestRedacted }, (messages) => {
      const result = examine(messages.filter((message) => message.to === redactedNumber(to)));
      const redactsNumbers = messages.some((message) => message.to?.endsWith('XXXX'));
      return result ?? (redactsNumbers ? undefined : { found: absent() });
    });
    return redacted?.found ?? absent();
  },
  send: async ({ to, body, statusCallback }, call) => {
    const sent = await client.exchange(sendOperation, call, (library) =>
      library.messages.create({
        to,
        body,
        messagingServiceSid,
        ...(statusCallback === undefined ? {} : { statusCallback }),
      }),
    );
    const parsed = sentSchema.safeParse(sent);
    if (!parsed.success) throw fromTwilio(sendOperation, parsed.error, call);
    return { id: parsed.data.sid };
  },
  /** https://www.twilio.com/docs/messaging/api/message-resource#fetch-a-message-resource */
  statusOf: async (id, call) => {
    const message = await client.exchange(statusOperation, call, (library) => library.messages(id).fetch());
    const parsed = fetchedSchema.safeParse(message);
    if (!parsed.success) throw fromTwilio(statusOperation, parsed.error, call);
    const { status, errorCode } = parsed.data;
    return { status, ...(errorCode && { code: String(errorCode) }) };
  },
});

const readPage = (instances: readonly unknown[], call: CallContext): readonly Listed[] => {
  const parsed = z.array(listedSchema).safeParse(instances);
  if (!parsed.success) throw fromTwilio(findOperation, parsed.error, call);
  return parsed.data;
};

/** Whether the text has the reference as a word. The surrounding text can change in transit, for example by an opt-out notice. */
const containsReference = (body: string | null | undefined, reference: string): boolean =>
  body?.split(/[^A-Z0-9]+/).includes(reference) ?? false;
