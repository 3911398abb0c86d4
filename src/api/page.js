// What the page asks and how it stays live; flags, success by system, and calls as they happen.
const kept_rows = 200;
const $ = (id) => document.getElementById(id);
const rows = new Map();
let token = sessionStorage.getItem('callramp-token') || '';

class Refused extends Error {}

function headers() { return token ? { Authorization: 'Bearer ' + token } : {}; }
async function ask(path) {
  const reply = await fetch(path, { headers: headers(), cache: 'no-store' });
  if (reply.status === 401 || reply.status === 403) throw new Refused();
  if (!reply.ok) throw new Error(path + ' answered ' + reply.status);
  return reply.json();
}
function say(text, bad) { $('state').textContent = text; $('state').className = bad ? 'bad' : ''; }
function card(title, value, note) {
  const box = document.createElement('div');
  box.className = 'card';
  for (const [tag, text] of [['span', title], ['b', value], ['span', note]]) {
    const part = document.createElement(tag);
    part.textContent = text;
    box.append(part);
  }
  return box;
}
function percent(rate) { return (rate * 100).toFixed(1) + ' %'; }

async function show_flags() {
  const flags = await ask('/api/v1/admin/feature-flags');
  const by = 'version ' + flags.version + ', by ' + flags.updatedBy;
  $('flags').replaceChildren(
    card('outbound calls on new', flags.outboundCallsEnabled ? flags.outboundCallsPercentage + ' %' : 'off', by),
    card('retries', flags.enableRetryLogic ? 'on' : 'off', 'new ones'),
    card('voicemail detection', flags.enableVoicemailDetection ? 'on' : 'off', ''),
    card('bulk import', flags.enableBulkImport ? 'on' : 'off', ''));
}
async function show_systems() {
  const stats = await ask('/api/v1/stats/outbound');
  $('systems').replaceChildren(...['new-system', 'old-system'].map((name) => {
    const sums = stats.systems[name];
    const talked = sums.outcomes.completed || 0;
    const voicemail = sums.outcomes.voicemail_left || 0;
    return card(name, sums.calls ? percent(sums.successRate) : 'no calls',
      sums.calls ? 'n = ' + sums.calls + ': ' + talked + ' talked + ' + voicemail + ' voicemail, ' + sums.failed + ' failed' : 'n = 0');
  }));
}
function show_call(call) {
  let row = rows.get(call.id);
  if (!row) {
    row = document.createElement('tr');
    for (let i = 0; i < 6; ++i) row.insertCell();
    row.cells[0].className = 'id';
    rows.set(call.id, row);
    $('calls').prepend(row);
    while ($('calls').rows.length > kept_rows) {
      const last = $('calls').rows[$('calls').rows.length - 1];
      rows.delete(last.cells[0].textContent);
      last.remove();
    }
  }
  const texts = [call.id, call.phone, call.system || '', call.status.replace('_', ' '), call.outcome || '', new Date(call.at).toLocaleTimeString()];
  texts.forEach((text, i) => { row.cells[i].textContent = text; });
  row.cells[2].className = call.system || '';
  row.cells[4].className = call.outcome || '';
}
async function show_calls() {
  const page = await ask('/api/v1/calls?limit=100');
  for (const call of page.calls.reverse())
    show_call({ id: call.id, phone: masked(call.phoneNumber), system: call.system, status: call.status, outcome: call.outcome, at: call.updatedAt });
}
function masked(number) { return number.includes('*') ? number : '+' + '*'.repeat(Math.max(0, number.length - 5)) + number.slice(-4); }

const due = new Set();
function soon(what) {  // many calls end at once: one question a second is enough
  if (due.has(what)) return;
  due.add(what);
  setTimeout(() => { due.delete(what); what().catch(() => {}); }, 1000);
}
function happened(kind, data) {
  if (kind === 'call') {
    show_call(data);
    if (data.status === 'final') { soon(show_systems); soon(show_rollout); }
  } else if (kind === 'attempt') {
    const row = rows.get(data.call);
    if (row) row.cells[3].textContent = data.status.replace('_', ' ');
  } else if (kind === 'flags') {
    show_flags().catch(() => {});
    soon(show_rollout);
  } else if (kind === 'rollout' || kind === 'evidence') {
    soon(show_rollout);
  } else if (kind === 'lagged') {
    show_calls().catch(() => {});
    soon(show_rollout);
  }
}
async function watch() {
  const reply = await fetch('/api/v1/events', { headers: headers(), cache: 'no-store' });
  if (reply.status === 401 || reply.status === 403) throw new Refused();
  if (!reply.ok) throw new Error('the live feed answered ' + reply.status);
  say('live');
  await show_everything();  // after the feed is open, so that nothing falls between
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the live feed ended');
    text += value;
    const parts = text.split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      let kind = 'message';
      let data = '';
      for (const line of part.split('\n')) {
        if (line.startsWith('event: ')) kind = line.slice(7);
        if (line.startsWith('data: ')) data += line.slice(6);
      }
      if (data) happened(kind, JSON.parse(data));
    }
  }
}
async function show_everything() {
  await Promise.all([show_rollout(), show_flags(), show_systems(), show_calls()]);
  $('main').hidden = false;
}
async function run() {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10000)) {
    try {
      await watch();
    } catch (error) {
      if (error instanceof Refused) {
        sessionStorage.removeItem('callramp-token');
        say(token ? 'this token is not valid' : 'a token is needed', Boolean(token));
        token = '';
        $('login').hidden = false;
        $('main').hidden = true;
        return;
      }
      if ($('state').textContent === 'live') wait = 500;
      say(error.message + '; trying again', true);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  $('token').value = '';
  sessionStorage.setItem('callramp-token', token);
  $('login').hidden = true;
  run();
});
function start() {
  // Buckets close and clocks run out without an event.
  setInterval(() => { if (!document.hidden && !$('main').hidden) soon(show_rollout); }, 10000);
  if (token || open_page) run();
  else { say('a token is needed'); $('login').hidden = false; }
}
