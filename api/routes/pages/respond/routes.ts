/** /respond/{token}: the page that an invitation links to. GET changes nothing; POST records the answer. */
import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Answer } from '../../../../domain/audition/events.ts';
import { isCommandAllowed } from '../../../../domain/audition/transitions.ts';
import { Refusal, type RefusalCode } from '../../../../domain/errors.ts';
import type { Invitation } from '../../../../foundation/links/response-link.ts';
import type { Api } from '../../../api.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { type InvitationDetails, invitationPage, type RespondPageError, respondErrorPage } from './page.ts';

const params = z.object({ token: z.string() });
const answerForm = z.object({ answer: z.enum(['accepted', 'declined']) });
const page = pageResponse();

/** Every other code is shown as `unreadable` (an invalid form) or `later` (a fault of this service). */
const errorPages: Partial<Readonly<Record<RefusalCode, RespondPageError>>> = {
  link_invalid: 'invalid',
  audition_not_found: 'invalid',
  not_found: 'invalid',
  unknown_participant: 'invalid',
  slot_taken: 'moved',
  wrong_state: 'closed',
  audition_closed: 'closed',
  audition_stopped: 'closed',
  temporarily_unavailable: 'later',
};

/** Responds to errors with a page, because a person reads them. */
const handleRespondPageError = createPageErrorHandler(errorPages, respondErrorPage);

const linkInvalid = (): Refusal =>
  new Refusal('link_invalid', 'This link is not valid.', 'Use the complete link from the message.');

/** Throws `Refusal` for a link of an earlier slot, and for an audition that accepts no answers. */
const requireInvitation = async (
  { repositories, responseLinks }: ApiDependencies,
  token: string,
): Promise<{ readonly invitation: Invitation; readonly invited: InvitationDetails }> => {
  const invitation = responseLinks.verify(token);
  if (!invitation) throw linkInvalid();
  const view = await repositories.auditions.get(invitation.organization, invitation.auditionId);
  const participant = view?.participants.find(({ id }) => id === invitation.participant);
  if (!view?.slot || !participant) throw linkInvalid();
  if (!isCommandAllowed('respond', view.state)) {
    throw new Refusal('wrong_state', `The audition is ${view.state}.`, 'Write to the casting office.');
  }
  if (!view.announcedAs.includes(invitation.revision)) {
    throw new Refusal('slot_taken', 'The slot has moved.', 'Use the link in the newest message.');
  }
  return { invitation, invited: { slot: view.slot, zone: participant.zone, answer: participant.answer } };
};

/** Registers the page and its form. */
export const respondRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const respond = (request: FastifyRequest, invitation: Invitation, answer: Answer) => {
    const { organization, auditionId, participant } = invitation;
    return sendAuditionCommand(
      dependencies,
      { organization, id: auditionId, updateId: randomUUID() },
      () => ({
        name: 'respond',
        command: { origin: 'link', correlationId: request.id, participant, answer },
      }),
    );
  };

  api.get(
    '/respond/:token',
    {
      schema: { hide: true, params, response: { 200: page } },
      errorHandler: handleRespondPageError,
    },
    async (request, reply) => {
      const { invited } = await requireInvitation(dependencies, request.params.token);
      return sendPage(reply, 200, invitationPage(invited, request.headers['accept-language']));
    },
  );
  api.post(
    '/respond/:token',
    {
      schema: { hide: true, params, body: answerForm, response: { 200: page } },
      errorHandler: handleRespondPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const { answer } = request.body;
      const { invitation, invited } = await requireInvitation(dependencies, token);
      // A double click sends the same answer twice.
      if (answer !== invited.answer) await respond(request, invitation, answer);
      return sendPage(reply, 200, invitationPage({ ...invited, answer }, request.headers['accept-language']));
    },
  );
};
