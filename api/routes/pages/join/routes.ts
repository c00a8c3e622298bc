/**
 * /j/{link}: the join link of a participant, or of an audition. GET changes nothing, because mail scanners open links.
 * POST records the use and redirects to the present meeting, whatever provider it is on.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { StoredJoinLink } from '../../../../db/auditions/join-links.ts';
import type { LinkTitles } from '../../../../db/auditions/link-titles.ts';
import { type JoinFacts, type JoinState, joinStateOf } from '../../../../domain/audition/join-state.ts';
import type { AuditionView } from '../../../../domain/audition/view.ts';
import { isAdmittedInTurn, waitingListOf } from '../../../../domain/audition/waiting-list.ts';
import { shortIdPattern } from '../../../../foundation/links/short-id.ts';
import type { Api } from '../../../api.ts';
import { enterWaitingList } from '../../../auditions/enter-waiting-list.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { type Language, languageOf, type Reading, readingOf } from '../language.ts';
import {
  answerConsentQuestion,
  consentAnswer,
  consentQuestionOf,
  withdrawalQuestionOf,
} from '../recording-consent/question.ts';
import { deviceOf } from './device.ts';
import {
  backupPage,
  checkInPage,
  closingPage,
  earlyPage,
  type JoinDetails,
  openPage,
  preparingPage,
  turnPage,
  waitingPage,
} from './page.ts';

const params = z.object({ link: z.string() });
const page = pageResponse();
/** Without a field, the person joins. */
const form = z.object({ consent: consentAnswer.optional() }).nullish();

const handleJoinPageError = createPageErrorHandler<'invalid'>(
  { not_found: 'invalid' },
  (obstacle, acceptLanguage) =>
    closingPage(languageOf(acceptLanguage), obstacle === 'later' ? 'later' : 'invalid'),
);

/** What a link leads to now. An unknown and a revoked link are the same. */
interface OpenedLink {
  readonly state: JoinState;
  readonly link?: StoredJoinLink;
  readonly view?: AuditionView;
  /** The participant's own address of the meeting. */
  readonly registrantUrl?: string | undefined;
  readonly sealedTitles?: string | undefined;
  readonly office?: string | undefined;
}

/** How a person gets into an open meeting. */
type Admission =
  | { readonly kind: 'open' | 'admitted' }
  /** The performer has not checked in yet. */
  | { readonly kind: 'expected' }
  | { readonly kind: 'waiting'; readonly place: number }
  /** Performers are admitted in turn, and the link does not tell who uses it. */
  | { readonly kind: 'personal' };

const admissionPage = (language: Language, details: JoinDetails, admission: Admission): string => {
  switch (admission.kind) {
    case 'open':
      return openPage(language, details);
    case 'admitted':
      return turnPage(language, details);
    case 'expected':
      return checkInPage(language, details);
    case 'waiting':
      return waitingPage(language, details, admission.place);
    case 'personal':
      return closingPage(language, 'personal');
  }
};

const readingFor = (request: FastifyRequest, { link, state }: OpenedLink): Reading =>
  // The page of an invalid link must not tell whose link it was.
  readingOf(
    state.kind === 'invalid'
      ? request.headers['accept-language']
      : (link?.locale ?? request.headers['accept-language']),
  );

/** Registers the page and its form. */
export const joinRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, joinLinkIds, now } = dependencies;
  const { joinLinks, organizations, inbox, waitingEntries } = repositories;

  /** Costs one statement, for any id. */
  const open = async (
    request: FastifyRequest & { readonly params: z.output<typeof params> },
  ): Promise<OpenedLink> => {
    const { link: id } = request.params;
    const found = await joinLinks.find(shortIdPattern.test(id) ? id : '');
    if (!found) return { state: { kind: 'invalid' } };
    const { link, view, registrantUrl, details } = found;
    request.auditionId = link.auditionId;
    return { state: joinStateOf(view, link.participant, now()), link, view, registrantUrl, ...details };
  };

  /** Reads the waiting list for performers who are admitted in turn only. */
  const admissionOf = async ({ link, view }: OpenedLink): Promise<Admission> => {
    if (!link || !view) return { kind: 'open' };
    const list = waitingListOf(view);
    if (list === undefined) return { kind: 'open' };
    const { organization, auditionId, participant } = link;
    // The link of the audition does not tell who uses it.
    if (participant === undefined) return { kind: 'personal' };
    if (!isAdmittedInTurn(view, participant)) return { kind: 'open' };
    const entries = await waitingEntries.list(organization, list);
    const entry = entries.find((one) => one.auditionId === auditionId && one.participant === participant);
    if (!entry) return { kind: 'expected' };
    return entry.place === undefined ? { kind: 'admitted' } : { kind: 'waiting', place: entry.place };
  };

  /** The page is usable without the titles. */
  const titlesOf = async (
    request: FastifyRequest,
    { link, sealedTitles }: OpenedLink,
  ): Promise<LinkTitles | undefined> => {
    if (!link) return undefined;
    try {
      return await joinLinks.openTitles(link, { sealedTitles });
    } catch (err) {
      request.log.error({ err, audition: link.auditionId }, 'titles of a join link not decrypted');
      return undefined;
    }
  };

  /** Returns the question of a personal link. */
  const consentOf = ({ link, view }: OpenedLink) => {
    const participant = view?.participants.find(({ id }) => id === link?.participant);
    const question =
      view &&
      participant &&
      (consentQuestionOf(view, participant, now()) ?? withdrawalQuestionOf(view, participant, now()));
    return question && { question, participant, view };
  };

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    opened: OpenedLink,
  ): Promise<FastifyReply> => {
    const { state, link } = opened;
    const { language, locale } = readingFor(request, opened);
    const detailsOf = async (time: JoinFacts): Promise<JoinDetails> => ({
      titles: await titlesOf(request, opened),
      office: opened.office,
      locale,
      time,
      consent: consentOf(opened)?.question,
    });
    switch (state.kind) {
      case 'invalid':
        return sendPage(reply, 404, closingPage(language, 'invalid'));
      case 'over':
        return sendPage(reply, 410, closingPage(language, 'over'));
      case 'early':
        return sendPage(reply, 200, earlyPage(language, await detailsOf(state.time), state.opensAt));
      case 'open': {
        const details = await detailsOf(state.time);
        const canJoin = state.meetingUrl !== undefined;
        const organization = state.hasBackup && link ? await organizations.get(link.organization) : undefined;
        if (organization?.meetingBackup)
          return sendPage(
            reply,
            200,
            backupPage(language, details, { backup: organization.meetingBackup, canJoin }),
          );
        if (!canJoin) return sendPage(reply, 200, preparingPage(language, details));
        return sendPage(reply, 200, admissionPage(language, details, await admissionOf(opened)));
      }
    }
  };

  /**
   * Records the use. A personal link also checks its participant in, once for each slot: the inbox delivers that to the
   * audition, also when Temporal does not respond now.
   */
  const record = async (request: FastifyRequest, link: StoredJoinLink, view: AuditionView): Promise<void> => {
    const { id, auditionId } = link;
    await joinLinks.recordUse(id, {
      at: now(),
      revision: view.revision,
      device: deviceOf(request.headers['user-agent']),
      network: joinLinkIds.networkOf(auditionId, request.ip),
    });
    await checkIn(request, link, view);
  };

  const checkIn = async (
    request: FastifyRequest,
    { id, auditionId, participant }: StoredJoinLink,
    { revision }: AuditionView,
  ): Promise<void> => {
    if (participant === undefined) return;
    await inbox.receive({
      kind: 'link.joined',
      event: { audition: auditionId, participant, at: now() },
      provider: 'castmatch',
      dedupeKey: `join:${id}:r${revision}`,
      correlationId: request.id,
    });
  };

  api.get(
    '/j/:link',
    {
      schema: { hide: true, params, response: { 200: page } },
      errorHandler: handleJoinPageError,
    },
    async (request, reply) => show(request, reply, await open(request)),
  );
  api.post(
    '/j/:link',
    {
      schema: { hide: true, params, body: form, response: { 200: page } },
      errorHandler: handleJoinPageError,
    },
    async (request, reply) => {
      const opened = await open(request);
      const said = request.body?.consent;
      if (said !== undefined) {
        const asked = consentOf(opened);
        if (asked && (asked.question.kind === 'question' || said === 'refused')) {
          const { participant, view: audition } = asked;
          const { revision } = audition;
          await answerConsentQuestion(dependencies, request, audition, { participant, said, revision });
        }
        // A question that is not open any more is not shown.
        return show(request, reply, await open(request));
      }
      const { state, link, view, registrantUrl } = opened;
      if (state.kind !== 'open' || state.meetingUrl === undefined || !link || !view) {
        return show(request, reply, opened);
      }
      const admission = await admissionOf(opened);
      if (admission.kind === 'expected' && link.participant !== undefined) {
        // First: who is on the list is not checked in again.
        await checkIn(request, link, view);
        await enterWaitingList(dependencies, link.organization, link.auditionId, link.participant);
      }
      if (admission.kind !== 'open' && admission.kind !== 'admitted') return show(request, reply, opened);
      try {
        await record(request, link, view);
      } catch (err) {
        // A participant must reach the audition, also when the use cannot be recorded.
        request.log.error({ err, audition: link.auditionId }, 'use of a join link not recorded');
      }
      return reply
        .header('Cache-Control', 'no-store')
        .header('Referrer-Policy', 'no-referrer')
        .redirect(registrantUrl ?? state.meetingUrl, 302);
    },
  );
};
