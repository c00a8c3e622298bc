/** Implements `TextMessageProvider` for Twilio. https://www.twilio.com/docs/messaging/api/message-resource */
import { z } from 'zod';
import { providerError } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, TextMessageProvider } from '../ports.ts';
import type { TwilioClient } from './client.ts';
import { fromTwilio } from './errors.ts';
import { lookBackMs, maxPages, messagesPerPage } from './settings.ts';

const findOperation = operationOf('twilio', 'textMessages.find');
const sendOperation = operationOf('twilio', 'textMessages.send');

const sentSchema = z.object({ sid: z.string().min(1) });
/** The library returns an unreadable date unchanged. It counts as missing, so the search continues. */
const listedSchema = z.object({
  sid: z.string().min(1),
  body: z.string().nullish(),
  dateCreated: z.date().optional().catch(undefined),
});
type Listed = z.infer<typeof listedSchema>;

/** The used part of the library's pages. */
interface Page {
  readonly instances: readonly unknown[];
  nextPage(): Promise<Page> | undefined;
}

/** Creates the provider. Every method throws `ProviderError`. */
export const createTwilioTextMessages = (
  client: TwilioClient,
  messagingServiceSid: string,
): TextMessageProvider => ({
  name: 'twilio',
  /**
   * Searches by the reference, without a time filter: a message in Twilio's queue has no `DateSent`, so a filter by it
   * would hide the message.
   */
  find: async ({ to, reference }, since, call) => {
    const earliest = Date.parse(since) - lookBackMs;
    let page: Page = await client.exchange(findOperation, call, (library) =>
      library.messages.page({ to, pageSize: messagesPerPage }),
    );
    for (let read = 1; read <= maxPages; read += 1) {
      const messages = readPage(page.instances, call);
      const ours = messages.find(({ body }) => containsReference(body, reference));
      if (ours) return { id: ours.sid };
      if (messages.some(({ dateCreated }) => dateCreated && dateCreated.getTime() < earliest))
        return undefined;
      const next = await client.exchange(findOperation, call, async () => page.nextPage());
      if (!next) return undefined;
      page = next;
    }
    // An incomplete list must not count as "no such message".
    throw providerError(
      findOperation,
      { kind: 'retry', effect: 'none' },
      { message: `there are more than ${maxPages} pages of messages to this number` },
    );
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
});

const readPage = (instances: readonly unknown[], call: CallContext): readonly Listed[] => {
  const parsed = z.array(listedSchema).safeParse(instances);
  if (!parsed.success) throw fromTwilio(findOperation, parsed.error, call);
  return parsed.data;
};

/** Whether the text has the reference as a word. The surrounding text can change in transit, for example by an opt-out notice. */
const containsReference = (body: string | null | undefined, reference: string): boolean =>
  body?.split(/[^A-Z0-9]+/).includes(reference) ?? false;
