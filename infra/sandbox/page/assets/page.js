// Updates the page and sends its forms to the control API. The server escapes the HTML that it renders.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const trouble = document.querySelector('#trouble');
const live = document.querySelector('#live');

const showError = (text) => {
  trouble.textContent = text;
  trouble.hidden = text === '';
};

/** Remembers which details elements are open, to restore them after a panel is replaced. */
const opened = new Map();
document.addEventListener(
  'toggle',
  (event) => {
    const key = event.target.dataset?.key;
    if (key) opened.set(key, event.target.open);
  },
  true,
);

const shown = new Map();
const refresh = async () => {
  const answer = await fetch(`/sandbox/panels?zone=${encodeURIComponent(zone)}`);
  for (const [id, html] of Object.entries(await answer.json())) {
    if (shown.get(id) === html) continue;
    shown.set(id, html);
    const part = document.getElementById(id);
    part.innerHTML = html;
    for (const details of part.querySelectorAll('details[data-key]')) {
      const open = opened.get(details.dataset.key);
      if (open !== undefined) details.open = open;
    }
  }
};

const call = async (method, path, body) => {
  const answer = await fetch(path, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  if (answer.ok) return showError('');
  const { error, issues = [] } = await answer.json();
  return showError([error, ...issues.map((issue) => `${issue.path}: ${issue.message}`)].join(' '));
};

const filled = (entries) => Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== ''));

const submit = {
  fault({ kind, operation, times }, { vendor }) {
    const fault = filled({ operation, times: times === '' ? '' : Number(times) });
    const kindOf = kind === 'reset' ? { kind: 'outage', reset: true } : { kind };
    return call('PUT', `/sandbox/faults/${vendor}`, { ...kindOf, ...fault });
  },
  busy({ account, start, minutes }, { vendor }) {
    const from = new Date(start);
    const end = new Date(from.getTime() + Number(minutes) * 60_000);
    return call('POST', `/sandbox/${vendor}/busy`, {
      account,
      start: from.toISOString(),
      end: end.toISOString(),
    });
  },
  join: ({ name }, { vendor, meeting }) =>
    call('POST', `/sandbox/${vendor}/meetings/join`, { meeting, attendee: { name } }),
  inbound: (fields) => call('POST', '/sandbox/twilio/inbound', filled(fields)),
};

const click = {
  heal: ({ vendor }) => call('PUT', `/sandbox/faults/${vendor}`, { kind: 'none' }),
  meeting: ({ meeting, event }) => call('POST', `/sandbox/zoom/meetings/${meeting}/events`, { event }),
  leave: ({ vendor, meeting, name }) =>
    call('POST', `/sandbox/${vendor}/meetings/leave`, { meeting, attendee: { name } }),
  end: ({ vendor, meeting }) => call('POST', `/sandbox/${vendor}/meetings/end`, { meeting }),
  'clear-faults': () => call('DELETE', '/sandbox/faults'),
  reset: () => (confirm('Delete the data of all vendors?') ? call('POST', '/sandbox/reset') : undefined),
};

document.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  submit[form.dataset.action]?.(Object.fromEntries(new FormData(form)), form.dataset);
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) click[button.dataset.action]?.(button.dataset);
});

const events = new EventSource('/sandbox/live');
events.addEventListener('message', () => void refresh());
events.addEventListener('open', () => {
  live.textContent = 'live';
  live.classList.add('on');
  void refresh();
});
events.addEventListener('error', () => {
  live.textContent = 'not live';
  live.classList.remove('on');
});
