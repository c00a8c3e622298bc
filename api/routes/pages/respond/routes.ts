/**
 * /r/{link}: the page that an invitation links to. GET changes nothing; POST records the answer. /respond/{token} is the same
 * page, for the links in messages of earlier versions.
 */

import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LinkTitles } from '../../../../db/auditions/link-titles.ts';
import type { StoredInvitation } from '../../../../db/auditions/response-links.ts';
import type { Answer } from '../../../../domain/audition/events.ts';
import { participantPrincipal } from '../../../../domain/audition/principal.ts';
import { Refusal, type RefusalCode } from '../../../../domain/errors.ts';
import type { Invitation } from '../../../../foundation/links/response-link.ts';
import { shortIdPattern } from '../../../../foundation/links/short-id.ts';
import type { Api } from '../../../api.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { problemKinds } from '../../../problems/catalogue.ts';
import { readingOf } from '../language.ts';
import { answerConsentQuestion, consentAnswer } from '../recording-consent/question.ts';
import { type InvitationState, invitedPerson, linkInvalid, readInvitation } from './invitation-state.ts';
import {
  formerPage,
  invitationPage,
  movedPage,
  type RespondPageError,
  type RespondReader,
  respondErrorPage,
} from './page.ts';

const shortParams = z.object({ link: z.string() });
const tokenParams = z.object({ token: z.string() });
const answerForm = z.union([
  z.object({ answer: z.enum(['accepted', 'declined']).describe('The answer to the invitation') }),
  z.object({ consent: consentAnswer }),
]);
const page = pageResponse();

/** Every other code is shown as `unreadable` (an invalid form) or `later` (a fault of this service). */
const errorPages: Partial<Readonly<Record<RefusalCode, RespondPageError>>> = {
  link_invalid: 'invalid',
  audition_not_found: 'invalid',
  not_found: 'invalid',
  unknown_participant: 'invalid',
  slot_taken: 'taken',
  move_in_progress: 'later',
  wrong_state: 'closed',
  audition_closed: 'closed',
  // It can continue when an operator has decided.
  audition_stopped: 'later',
  temporarily_unavailable: 'later',
};

/** Responds to errors with a page, because a person reads them. */
const handleRespondPageError = createPageErrorHandler(errorPages, respondErrorPage);

/** An answer that was not recorded. The page then shows why. */
const notRecorded = problemKinds.answer_superseded.status;

/** An invitation whose link was opened, and who reads its page. */
interface OpenedInvitation {
  readonly invitation: Invitation;
  readonly reader: RespondReader;
}

const show = (
  reply: FastifyReply,
  { reader }: Pick<OpenedInvitation, 'reader'>,
  state: InvitationState,
  status = 200,
): FastifyReply => {
  if (state.kind === 'former') return sendPage(reply, problemKinds.link_expired.status, formerPage(reader));
  const { kind, details } = state;
  return kind === 'moved'
    ? sendPage(reply, notRecorded, movedPage(details, reader))
    : sendPage(reply, status, invitationPage(details, { isFinal: kind === 'final', reader }));
};

/** Registers the page and its form. */
export const respondRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, responseLinks, now } = dependencies;

  /** The page is usable without the titles. */
  const titlesOf = async (
    request: FastifyRequest,
    link: StoredInvitation,
  ): Promise<LinkTitles | undefined> => {
    try {
      return await repositories.responseLinks.openTitles(link);
    } catch (err) {
      request.log.error(
        { err, audition: link.invitation.auditionId },
        'titles of a response link not decrypted',
      );
      return undefined;
    }
  };

  const officeOf = async ({ organization }: Invitation): Promise<string | undefined> =>
    (await repositories.organizations.get(organization))?.name;

  /** @throws {Refusal} `link_invalid` */
  const openLink = async (request: FastifyRequest, id: string): Promise<OpenedInvitation> => {
    const link = await repositories.responseLinks.find(shortIdPattern.test(id) ? id : '');
    if (!link) throw linkInvalid();
    const { invitation, locale } = link;
    request.auditionId = invitation.auditionId;
    return {
      invitation,
      reader: {
        ...readingOf(locale),
        titles: await titlesOf(request, link),
        office: await officeOf(invitation),
      },
    };
  };

  /** @throws {Refusal} `link_invalid` */
  const openToken = async (request: FastifyRequest, token: string): Promise<OpenedInvitation> => {
    const invitation = responseLinks.verify(token);
    if (!invitation) throw linkInvalid();
    request.auditionId = invitation.auditionId;
    const reading = readingOf(request.headers['accept-language']);
    return { invitation, reader: { ...reading, office: await officeOf(invitation) } };
  };

  const readState = (invitation: Invitation) => readInvitation(repositories.auditions, invitation, now());

  /** Records the answer. Returns the state after it, or undefined when the slot has moved in the meantime. */
  const record = async (
    request: FastifyRequest,
    invitation: Invitation,
    answer: Answer,
  ): Promise<InvitationState | undefined> => {
    const { organization, auditionId, participant, revision } = invitation;
    const target = { organization, id: auditionId, updateId: randomUUID(), correlationId: request.id };
    try {
      await sendAuditionCommand(dependencies, target, 'respond', () => ({
        name: 'respond',
        command: {
          origin: 'link',
          correlationId: request.id,
          principal: participantPrincipal(participant),
          participant,
          answer,
          revision,
        },
      }));
    } catch (error) {
      if (error instanceof Refusal && error.code === 'answer_superseded') return undefined;
      throw error;
    }
    const after = await readState(invitation);
    if (after.kind === 'former') return after;
    // An accepted answer may be recorded a moment later.
    return after.details.answer === answer ? after : { ...after, details: { ...after.details, answer } };
  };

  /** Records the answer to the question about the recording. */
  const answerConsent = async (
    request: FastifyRequest,
    invitation: Invitation,
    said: z.infer<typeof consentAnswer>,
  ): Promise<void> => {
    const { organization, auditionId, revision } = invitation;
    const audition = await repositories.auditions.get(organization, auditionId);
    const participant = audition && invitedPerson(audition, invitation);
    if (!audition || !participant) throw linkInvalid();
    await answerConsentQuestion(dependencies, request, audition, { participant, said, revision });
  };

  const answerInvitation = async (
    request: FastifyRequest,
    reply: FastifyReply,
    opened: OpenedInvitation,
    form: z.infer<typeof answerForm>,
  ): Promise<FastifyReply> => {
    const { invitation, reader } = opened;
    const before = await readState(invitation);
    if (before.kind === 'former') return show(reply, opened, before);
    if ('consent' in form) {
      // The question is not open any more: the page says why, or does not ask it.
      if (before.kind !== 'open' || !before.details.consent) return show(reply, opened, before, notRecorded);
      await answerConsent(request, invitation, form.consent);
      return show(reply, opened, await readState(invitation));
    }
    const { answer } = form;
    // A double click sends the same answer twice.
    if (before.details.answer === answer) return show(reply, opened, before);
    if (before.kind !== 'open') return show(reply, opened, before, notRecorded);
    const after = await record(request, invitation, answer);
    if (after) return show(reply, opened, after);
    const present = await readState(invitation);
    const moved = present.kind === 'moved' ? present.details : undefined;
    return sendPage(reply, notRecorded, movedPage(moved, reader));
  };

  const shortSchema = { hide: true, params: shortParams, response: { 200: page } };
  const tokenSchema = { hide: true, params: tokenParams, response: { 200: page } };
  const errorHandler = handleRespondPageError;
  api.get('/r/:link', { schema: shortSchema, errorHandler }, async (request, reply) => {
    const opened = await openLink(request, request.params.link);
    return show(reply, opened, await readState(opened.invitation));
  });
  api.post(
    '/r/:link',
    { schema: { ...shortSchema, body: answerForm }, errorHandler },
    async (request, reply) =>
      answerInvitation(request, reply, await openLink(request, request.params.link), request.body),
  );
  api.get('/respond/:token', { schema: tokenSchema, errorHandler }, async (request, reply) => {
    const opened = await openToken(request, request.params.token);
    return show(reply, opened, await readState(opened.invitation));
  });
  api.post(
    '/respond/:token',
    { schema: { ...tokenSchema, body: answerForm }, errorHandler },
    async (request, reply) =>
      answerInvitation(request, reply, await openToken(request, request.params.token), request.body),
  );
};
