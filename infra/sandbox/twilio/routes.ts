/** Serves the Messages resource of Twilio's 2010 API: forms in, JSON out, Basic authentication. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials } from '../authorization.ts';
import type { TwilioSandboxSettings } from '../settings.ts';
import { notFound, TwilioError, unauthenticated } from './errors.ts';
import { renderMessage } from './message.ts';
import { listMessages, messageQuerySchema } from './message-listing.ts';
import type { Messages } from './messages.ts';
import { isPhoneNumber } from './numbers.ts';

interface AccountPath {
  Params: { accountSid: string };
}
interface MessagePath {
  Params: { accountSid: string; file: string };
}

const formSchema = z.object({
  To: z.string().optional(),
  From: z.string().optional(),
  MessagingServiceSid: z.string().optional(),
  Body: z.string().optional(),
  StatusCallback: z.string().optional(),
});

const maximumBodyLength = 1600;

const required = (value: string | undefined, code: number, message: string): string => {
  if (value === undefined || value === '') throw new TwilioError(400, code, message);
  return value;
};

const readOutgoing = (value: unknown, settings: TwilioSandboxSettings) => {
  const form = formSchema.safeParse(value ?? {}).data ?? {};
  const to = required(form.To, 21604, "A 'To' phone number is required.");
  if (form.MessagingServiceSid === undefined) {
    required(form.From, 21603, "A 'From' phone number is required.");
  } else if (form.MessagingServiceSid !== settings.messagingServiceSid) {
    throw new TwilioError(404, 21701, 'The Messaging Service does not exist');
  }
  if (form.From !== undefined && !isPhoneNumber(form.From)) {
    throw new TwilioError(400, 21212, `Invalid From Number (caller ID): ${form.From}`);
  }
  const body = required(form.Body, 21602, 'Message body is required.');
  if (body.length > maximumBodyLength) {
    throw new TwilioError(400, 21617, 'The concatenated message body exceeds the 1600 character limit');
  }
  if (form.StatusCallback !== undefined && !URL.canParse(form.StatusCallback)) {
    throw new TwilioError(400, 21609, `The StatusCallback URL ${form.StatusCallback} is not a valid URL.`);
  }
  const { From: from, MessagingServiceSid: messagingServiceSid, StatusCallback: statusCallback } = form;
  return { to, from, messagingServiceSid, body, statusCallback };
};

const messagesPath = '/2010-04-01/Accounts/:accountSid/Messages.json';

/** Registers the routes of Twilio. */
export const twilioRoutes = (app: FastifyInstance, settings: TwilioSandboxSettings, messages: Messages) => {
  const authorize = (request: FastifyRequest<{ Params: { accountSid: string } }>) => {
    const credentials = parseBasicCredentials(request.headers.authorization);
    const isAuthenticated =
      credentials?.user === settings.accountSid && credentials.password === settings.authToken;
    if (!isAuthenticated || request.params.accountSid !== settings.accountSid) {
      throw new TwilioError(unauthenticated.status, unauthenticated.code, unauthenticated.message);
    }
  };

  app.post<AccountPath>(
    messagesPath,
    { config: { operation: 'messages.create' } },
    async (request, reply) => {
      authorize(request);
      const message = messages.send(readOutgoing(request.body, settings));
      return reply.code(201).send(renderMessage(message, settings));
    },
  );

  app.get<AccountPath>(messagesPath, { config: { operation: 'messages.list' } }, (request) => {
    authorize(request);
    const query = messageQuerySchema.safeParse(request.query);
    if (!query.success) throw new TwilioError(400, 20001, query.error.issues[0]?.message ?? 'Bad request');
    return listMessages(messages.all(), query.data, settings);
  });

  app.get<MessagePath>(
    '/2010-04-01/Accounts/:accountSid/Messages/:file',
    { config: { operation: 'messages.get' } },
    (request) => {
      authorize(request);
      const message = messages.get(request.params.file.replace(/\.json$/, ''));
      if (!message) throw notFound(request.url);
      return renderMessage(message, settings);
    },
  );
};
