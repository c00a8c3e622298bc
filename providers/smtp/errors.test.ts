import { expect, test } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { operationOf } from '../operations.ts';
import { fromSmtp } from './errors.ts';

/** The fault for a reply. `command` is what the library says that the server replied to. */
const faultFor = (response: string, command = 'RCPT TO', code = 'EENVELOPE') => {
  const thrown = Object.assign(new Error('refused'), {
    code,
    command,
    response,
    responseCode: Number(response.slice(0, 3)),
  });
  return fromSmtp(operationOf('smtp', 'email.send'), thrown, callContext()).fault.kind;
};

/** The words are those of the services' documentation. */
test.each([
  ['454 Throttling failure: Daily message quota exceeded', 'quota_exhausted'],
  ['450 monthly_quota_exceeded: You have reached your monthly email sending quota', 'quota_exhausted'],
  ['451 Authentication failed: Maximum credits exceeded', 'quota_exhausted'],
  ['550 5.2.2 Submission quota exceeded', 'quota_exhausted'],
  [
    '550 Domain casting.example has exceeded the max emails per hour (100/100 (100%)) allowed',
    'quota_exhausted',
  ],
  ['550 Too many messages in an hour from this account', 'quota_exhausted'],
  ['550 5.1.8 Access denied, bad outbound sender', 'sender_refused'],
  ['550-5.1.7 The sender address has a wrong syntax', 'sender_refused'],
  ['550 The from address does not match a verified Sender Identity', 'sender_refused'],
  ['554 Message rejected: Email address is not verified.', 'sender_refused'],
  ['554 Message rejected: Sending suspended for this account.', 'sender_refused'],
  ['550 Unauthenticated senders not allowed', 'sender_refused'],
  ['550 Message rejected because SPF check failed', 'sender_refused'],
  ['554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org', 'sender_refused'],
  ['550 Your IP address has a poor reputation', 'sender_refused'],
])('%s is no fault of the recipient', (response, kind) => {
  expect(faultFor(response)).toBe(kind);
});

test.each([
  ['CONN', '554 No SMTP service here', 'EPROTOCOL'],
  ['EHLO', '550 Not welcome', 'ECONNECTION'],
  ['MAIL FROM', '553 Sorry, that address may not send', 'EENVELOPE'],
])(
  'a permanent reply to %s, before a recipient is named, is no fault of the recipient',
  (...[command, response, code]) => {
    expect(faultFor(response, command, code)).toBe('sender_refused');
  },
);

test.each([
  ['552 5.3.4 Message size exceeds fixed limit', 'MAIL FROM'],
  ['552 Message size exceeds the limit', 'MAIL FROM'],
  ['550 5.1.1 No such user; check your SPF record', 'RCPT TO'],
  ['550 5.2.1 The mailbox is disabled', 'RCPT TO'],
  ['550 5.2.2 Mailbox over quota', 'RCPT TO'],
  ['550 5.1.10 The domain of the recipient takes no mail', 'RCPT TO'],
  ['550 No such user', 'RCPT TO'],
  ['501 Bad recipient address syntax', 'RCPT TO'],
  ['552 5.2.2 The recipient has used up the daily limit of storage', 'RCPT TO'],
])('%s, in reply to %s, concerns this message', (response, command) => {
  expect(faultFor(response, command)).toBe('rejected_input');
});

test.each([
  ['421 4.7.0 Try again later', 'CONN', 'EPROTOCOL', 'outage'],
  ['454 Throttling failure: Maximum sending rate exceeded', 'RCPT TO', 'EENVELOPE', 'retry'],
  ['450 4.2.0 Greylisted', 'MAIL FROM', 'EENVELOPE', 'retry'],
  ['535 5.7.8 Bad credentials', 'AUTH PLAIN', 'EAUTH', 'misconfigured'],
])('%s stays what it was', (...[response, command, code, kind]) => {
  expect(faultFor(response, command, code)).toBe(kind);
});
