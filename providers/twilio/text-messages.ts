/** Twilio as a `TextMessageProvider`. https://www.twilio.com/docs/messaging/api/message-resource */
import { z } from 'zod';
import type { Operation } from '../error-table.ts';
import type { TextMessageProvider } from '../ports.ts';
import type { TwilioClient } from './client.ts';
import { fromTwilio } from './errors.ts';
import { clockSkewMs, messagesLookedThrough } from './settings.ts';

const findOperation: Operation = { name: 'textMessages.find', writes: false };
const sendOperation: Operation = { name: 'textMessages.send', writes: true };

const sentSchema = z.object({ sid: z.string().min(1) });
const listedSchema = z.array(
  z.object({
    sid: z.string().min(1),
    body: z.string().nullish(),
    dateCreated: z.date(),
  }),
);

/** Every method throws `ProviderError`. */
export const createTwilioTextMessages = (
  client: TwilioClient,
  messagingServiceSid: string,
): TextMessageProvider => ({
  name: 'twilio',
  /**
   * Compares the time a message was created, not the time it was sent: a message still waiting in Twilio's queue has
   * no `DateSent`, and a filter by it would hide the very message we look for. Times are whole seconds.
   */
  find: async (message, since, call) => {
    const listed = await client.exchange(findOperation, call, (library) =>
      library.messages.list({
        to: message.to,
        limit: messagesLookedThrough,
        pageSize: messagesLookedThrough,
      }),
    );
    const parsed = listedSchema.safeParse(listed);
    if (!parsed.success) throw fromTwilio(findOperation, parsed.error, call);
    const earliest = Date.parse(since) - clockSkewMs;
    const ours = parsed.data.find(
      ({ body, dateCreated }) => body === message.body && dateCreated.getTime() >= earliest,
    );
    return ours && { id: ours.sid };
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
