/** /respond/{token}: the page that an invitation links to. GET changes nothing; POST records the answer. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Answer } from '../../../../domain/audition/events.ts';
import { Refusal, type RefusalCode } from '../../../../domain/errors.ts';
import type { Invitation } from '../../../../foundation/links/response-link.ts';
import type { Api } from '../../../api.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { problemKinds } from '../../../problems/catalogue.ts';
import { answerConsentQuestion, consentAnswer } from '../recording-consent/question.ts';
import { type InvitationState, invitedPerson, linkInvalid, readInvitation } from './invitation-state.ts';
import { formerPage, invitationPage, movedPage, type RespondPageError, respondErrorPage } from './page.ts';

const params = z.object({ token: z.string() });
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

const show = (
  request: FastifyRequest,
  reply: FastifyReply,
  state: InvitationState,
  status = 200,
): FastifyReply => {
  const acceptLanguage = request.headers['accept-language'];
  if (state.kind === 'former')
    return sendPage(reply, problemKinds.link_expired.status, formerPage(acceptLanguage));
  const { kind, details } = state;
  return kind === 'moved'
    ? sendPage(reply, notRecorded, movedPage(details, acceptLanguage))
    : sendPage(reply, status, invitationPage(details, { isFinal: kind === 'final', acceptLanguage }));
};

/** Registers the page and its form. */
export const respondRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, responseLinks, now } = dependencies;

  const requireLink = (token: string): Invitation => {
    const invitation = responseLinks.verify(token);
    if (!invitation) throw linkInvalid();
    return invitation;
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
        command: { origin: 'link', correlationId: request.id, participant, answer, revision },
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

  api.get(
    '/respond/:token',
    {
      schema: { hide: true, params, response: { 200: page } },
      errorHandler: handleRespondPageError,
    },
    async (request, reply) => show(request, reply, await readState(requireLink(request.params.token))),
  );
  api.post(
    '/respond/:token',
    {
      schema: { hide: true, params, body: answerForm, response: { 200: page } },
      errorHandler: handleRespondPageError,
    },
    async (request, reply) => {
      const invitation = requireLink(request.params.token);
      const before = await readState(invitation);
      if (before.kind === 'former') return show(request, reply, before);
      if ('consent' in request.body) {
        // The question is not open any more: the page says why, or does not ask it.
        if (before.kind !== 'open' || !before.details.consent)
          return show(request, reply, before, notRecorded);
        await answerConsent(request, invitation, request.body.consent);
        return show(request, reply, await readState(invitation));
      }
      const { answer } = request.body;
      // A double click sends the same answer twice.
      if (before.details.answer === answer) return show(request, reply, before);
      if (before.kind !== 'open') return show(request, reply, before, notRecorded);
      const after = await record(request, invitation, answer);
      if (after) return show(request, reply, after);
      const present = await readState(invitation);
      const moved = present.kind === 'moved' ? present.details : undefined;
      return sendPage(reply, notRecorded, movedPage(moved, request.headers['accept-language']));
    },
  );
};
