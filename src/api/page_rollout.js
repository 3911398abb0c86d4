// The rollout: the track, the sentence, criteria and triggers against their lines, what people owe, the decision log.
// Everything that a server sends is set as text, never as markup.
const shapes = { pass: '●', fail: '✖', undecided: '◐', no_data: '○', not_applicable: '–', waived: '~' };
const words = { no_data: 'no data', not_applicable: 'not applicable' };
const acts = { hold: '◐ hold', advance: '▲ advance', freeze: '■ freeze', roll_back: '▼ roll back', complete: '● complete' };
const act_class = { advance: 'pass', complete: 'pass', freeze: 'wait', roll_back: 'fail' };
// Where it stands counts more than that the newest look changed nothing; the sentence has the words.
const stopped = { rolled_back: ['▼', 'fail'], frozen: ['■', 'wait'], holding: ['■', 'wait'] };
const drawn_kinds = ['rate', 'versus', 'mean', 'events'];
let rollout_name = '';
let oldest = null;          // of the decisions shown: where "older" goes on
const shown_ids = new Set();

function element(tag, class_name, ...children) {
  const made = document.createElement(tag);
  if (class_name) made.className = class_name;
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return made;
}
function part(share) { return (Math.max(0, Math.min(1, share)) * 100).toFixed(2) + '%'; }
function span_words(ms) {
  const minutes = Math.max(0, ms) / 60000;
  if (minutes < 1) return Math.round(minutes * 60) + ' s';
  if (minutes < 60) return Math.round(minutes) + ' min';
  if (minutes < 60 * 48) return Math.floor(minutes / 60) + ' h ' + Math.round(minutes % 60) + ' min';
  return Math.floor(minutes / 1440) + ' d ' + Math.round((minutes % 1440) / 60) + ' h';
}
// Local time with the zone on hover; the date where it is not today.
function when(iso) {
  if (!iso) return '–';
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  const text = element('time', '', today ? at.toLocaleTimeString() : at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }));
  text.dateTime = iso;
  text.title = at.toString();
  return text;
}

// Stops stand evenly, whatever their percentages; between two of them it is linear.
function place_on_track(percentage, stops) {
  let before = 0;
  for (let i = 0; i < stops.length; ++i) {
    if (percentage <= stops[i]) {
      const share = stops[i] === before ? 1 : (percentage - before) / (stops[i] - before);
      return (i + share) / stops.length;
    }
    before = stops[i];
  }
  return 1;
}
function show_track(rollout) {
  const phases = rollout.phases.filter((phase) => phase.percentage > 0);
  const stops = phases.map((phase) => phase.percentage);
  const filled = element('div', 'filled');
  filled.style.width = part(place_on_track(rollout.percentage, stops));
  const parts = [element('div', 'rail'), filled];
  phases.forEach((phase, i) => {
    const stop = element('div', 'stop' + (phase.standing === 'current' ? ' current' : ''), phase.percentage + ' %');
    stop.style.left = part((i + 1) / phases.length);
    stop.title = phase.name + ': ' + phase.standing;
    parts.push(stop);
  });
  const seen = rollout.observed.percentage;
  if (seen !== null) {
    const tick = element('div', 'observed');
    tick.style.left = part(place_on_track(seen, stops));
    tick.title = 'observed';
    parts.push(tick);
  }
  $('track').replaceChildren(...parts);
  const calls = rollout.observed.new + rollout.observed.old;
  $('asked').textContent = 'asked ' + rollout.percentage + ' % (filled), observed ' +
    (seen === null ? 'nothing yet' : seen.toFixed(1) + ' % of ' + calls + ' calls (tick)') +
    (rollout.flags.enabled ? '' : '; calls are switched off') + (rollout.flags.byHand ? '; set by hand' : '');
}

function phase_words(rollout) {
  if (!rollout.phase) return rollout.state;
  const phase = rollout.phases.find((one) => one.name === rollout.phase);
  const elapsed = new Date(rollout.at) - new Date(rollout.phaseStartedAt);
  const least = phase.minDurationSeconds * 1000;
  const day = 86400000;
  const age = least >= day ? 'day ' + (Math.floor(elapsed / day) + 1) + ' of ' + Math.round(least / day)
                           : span_words(elapsed) + ' of at least ' + span_words(least);
  return rollout.phase + ', ' + age;
}
function forecast_words(forecast) {
  if (!forecast) return '–';
  if (!forecast.slowest) return 'no criterion needs more calls';
  const needed = forecast.callsNeeded;
  if (needed.q10 !== null && needed.q10 === needed.q90) return forecast.slowest + ': ' + needed.q50 + ' more';
  const half = needed.q50 === null ? 'less than half of such cases settle in this phase'
                                   : 'half of such cases settle within ' + needed.q50 + ' more';
  return forecast.slowest + ': ' + half + '; never ' + (needed.pNever * 100).toFixed(0) + ' %';
}
function fact(title, ...value) { return element('div', '', element('dt', '', title), element('dd', '', ...value)); }
function show_facts(rollout) {
  const evidence = rollout.evidence;
  const facts = [
    fact('State', rollout.state + ' · ' + rollout.mode + (rollout.run ? ' · run ' + rollout.run : '')),
    fact('Phase', phase_words(rollout), rollout.phaseStartedAt ? ', since ' : '', rollout.phaseStartedAt ? when(rollout.phaseStartedAt) : ''),
    fact('In evidence', evidence.calls + ' calls = ' + evidence.completed + ' talked + ' + evidence.voicemailLeft +
      ' voicemail + ' + (evidence.calls - evidence.completed - evidence.voicemailLeft) + ' others; waiting ' + evidence.waiting + ', pending ' + evidence.pending)];
  if (rollout.stable)
    facts.push(fact('Stable', 'since ', when(rollout.stable.since), ' (' + rollout.stable.reset + '), counts from ', when(rollout.stable.until)));
  if (rollout.earliestAdvance) facts.push(fact('Advance at the earliest', when(rollout.earliestAdvance)));
  if (rollout.watchUntil && new Date(rollout.watchUntil) > new Date(rollout.at))
    facts.push(fact('Watched closely until', when(rollout.watchUntil)));
  if (rollout.forecast) {
    facts.push(fact('Slowest criterion', forecast_words(rollout.forecast)));
    const { soonest, latest } = rollout.forecast;
    const end = latest === soonest ? [] : [' to ', latest ? when(latest) : 'an open date'];
    facts.push(fact('This phase may end', when(soonest), ...end));
  }
  $('facts').replaceChildren(...facts);
}

function interval(judgement) {
  const box = element('div', 'interval ' + judgement.verdict);
  if (judgement.kind === 'budget' && judgement.allowed > 0) {
    const used = element('div', 'used');
    used.style.width = part(judgement.used / judgement.allowed);
    box.append(used);
    return box;
  }
  const line = judgement.isTrigger ? judgement.lineFail : judgement.linePass;
  // The smallest of a few scales on which all of it fits: a few per 1000 and 70 % are both to be read.
  const largest = Math.max(judgement.hi, Math.abs(judgement.lo), Math.abs(line) * 1.1);
  const high = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1].find((scale) => largest <= scale) || largest;
  const low = judgement.lo < 0 || line < 0 ? -high : 0;
  const at = (value) => (value - low) / (high - low);
  const band = element('div', 'band');
  band.style.left = part(at(judgement.lo));
  band.style.width = part(at(judgement.hi) - at(judgement.lo));
  const dot = element('div', 'dot');
  dot.style.left = part(at(judgement.estimate));
  const mark = element('div', 'mark');
  mark.style.left = part(at(line));
  box.append(band, dot, mark);
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', figures(judgement) + ', line ' + percent(line));
  box.title = 'from ' + percent(low) + ' to ' + percent(high) + '; line ' + percent(line);
  return box;
}
function is_drawn(judgement) { return drawn_kinds.includes(judgement.kind) && judgement.good + judgement.bad > 0; }
function figures(judgement) {
  if (is_drawn(judgement))
    return percent(judgement.estimate) + ' (' + percent(judgement.lo) + ' to ' + percent(judgement.hi) + ') of ' +
      Math.round(judgement.good + judgement.bad) + (judgement.designEffect > 1.5 ? ', counted as ' + Math.round((judgement.good + judgement.bad) / judgement.designEffect) : '');
  if (judgement.kind === 'budget' && judgement.allowed > 0)
    return +judgement.used.toPrecision(3) + ' of ' + +judgement.allowed.toPrecision(3) +
      (/^(unknown_)?uptime/.test(judgement.condition) ? ' min' : '') + ' used';
  return '';
}
function judgement_row(judgement) {
  const row = element('div', 'judgement' + (judgement.fires ? ' fires' : ''));
  const verdict = judgement.fires ? '▼ fires' : judgement.isTrigger && judgement.verdict === 'pass' ? '– quiet'
    : (shapes[judgement.verdict] || '?') + ' ' + (words[judgement.verdict] || judgement.verdict);
  const drawn = is_drawn(judgement) || (judgement.kind === 'budget' && judgement.allowed > 0);
  row.append(element('span', 'verdict ' + (judgement.fires ? 'fail' : judgement.verdict), verdict),
    element('span', 'name', judgement.condition),
    element('div', 'shown', drawn ? interval(judgement) : '', element('div', 'figures', figures(judgement))));
  const quiet = judgement.isTrigger && !judgement.fires;
  if (!quiet && judgement.reason) row.append(element('div', 'why', judgement.reason));
  return row;
}

function show_owed(rollout) {
  $('owed').replaceChildren(...rollout.owed.map((owed) =>
    element('li', '', '□ ' + owed.kind + ' ' + owed.subject + (owed.who ? ' (' + owed.who + ')' : ''),
      element('div', 'dim', owed.text), owed.command ? element('code', '', owed.command) : '')));
  if (!rollout.owed.length) $('owed').append(element('li', 'dim', 'Nothing.'));
  const open = new Set([...$('checklists').children].filter((one) => one.open).map((one) => one.dataset.name));
  $('checklists').replaceChildren(...rollout.checklists.map((list) => {
    const items = list.items.map((item) => element('li', item.done ? 'dim' : '', (item.done ? '■ ' : '□ ') + item.text +
      (item.signature ? ' (' + item.signature.by + ')' : item.byItself ? ' (by itself: ' + item.why + ')' : '')));
    const details = element('details', '', element('summary', '', list.name + ': ' + list.done + ' of ' + list.items.length + ', before ' + list.gate), element('ul', '', ...items));
    details.dataset.name = list.name;
    details.open = open.has(list.name);
    return details;
  }));
}
function show_incident(rollout) {
  const parts = [];
  if (rollout.receipt) parts.push(element('p', '', rollout.receipt.sentence));
  if (rollout.incident)
    parts.push(element('p', '', 'Incident ' + rollout.incident.id + ', open since ', when(rollout.incident.openedAt)),
      element('ul', '', ...rollout.incident.items.map((item) =>
        element('li', '', (item.done ? '■ ' : '□ ') + item.name + (item.done ? ' (' + item.by + ': ' + item.note + ')' : '')))));
  $('incident').replaceChildren(...parts);
}

async function open_decision(id, box) {
  const said = await ask('/api/v1/rollouts/' + encodeURIComponent(rollout_name) + '/decisions/' + id + '/explain');
  const lines = [...said.arithmetic, ...said.decision.wouldChangeIt.map((line) => 'Would change it: ' + line)];
  if (said.decision.whoMayOverride) lines.push('May be overridden by ' + said.decision.whoMayOverride);
  lines.push(said.replayedEqual ? 'Decided again from its stored inputs: every figure is the same.'
                                : 'Decided again from its stored inputs it differs: ' + said.difference);
  box.replaceChildren(element('pre', '', lines.join('\n')));
}
function decision_line(decision) {
  const act = acts[decision.action] || decision.action;
  const box = element('div', 'dim', 'loading …');
  const line = element('details', '', element('summary', decision.action === 'hold' ? 'dim' : '', when(decision.at), ' ',
    element('span', 'verdict ' + (act_class[decision.action] || ''), act + (decision.recommendedOnly ? ' (recommended)' : '')),
    ' ' + decision.sentence),
    element('div', 'dim', '#' + decision.id + ', by ' + decision.actor + (decision.reason ? ' (' + decision.reason + ')' : '') +
      ', rule ' + decision.rule + ', ' + decision.from + ' % to ' + decision.to + ' %'), box);
  line.addEventListener('toggle', () => {
    if (line.open) open_decision(decision.id, box).catch((error) => { box.textContent = error.message; });
  });
  return line;
}
async function show_decisions(before) {
  const page = await ask('/api/v1/rollouts/' + encodeURIComponent(rollout_name) + '/decisions?limit=20' + (before ? '&before=' + before : ''));
  const fresh = page.decisions.filter((decision) => !shown_ids.has(decision.id));
  fresh.forEach((decision) => shown_ids.add(decision.id));
  const lines = fresh.map(decision_line);
  if (before) $('decisions').append(...lines); else $('decisions').prepend(...lines);
  if (before || oldest === null) {
    oldest = page.next;
    $('older').hidden = oldest === null;
  }
}

async function show_rollout() {
  const all = (await ask('/api/v1/rollouts')).rollouts;
  $('no-rollout').hidden = all.length > 0;
  $('rollout-body').hidden = all.length === 0;
  if (!all.length) return;
  if (!all.some((one) => one.name === rollout_name)) choose_rollout(all[all.length - 1].name);
  $('rollouts').hidden = all.length < 2;
  $('rollouts').replaceChildren(...all.map((one) => { const option = element('option', '', one.name); option.selected = one.name === rollout_name; return option; }));
  const rollout = await ask('/api/v1/rollouts/' + encodeURIComponent(rollout_name));
  const action = rollout.decision ? rollout.decision.action : 'hold';
  const [mark, mark_class] = stopped[rollout.state] || [acts[action] || action, act_class[action] || ''];
  $('sentence').replaceChildren(element('span', 'verdict ' + mark_class, mark), ' ' + rollout.sentence);
  show_track(rollout);
  show_facts(rollout);
  show_incident(rollout);
  $('criteria').replaceChildren(...rollout.criteria.map(judgement_row));
  $('triggers').replaceChildren(...rollout.triggers.map(judgement_row));
  show_owed(rollout);
  await show_decisions(null);
}
function choose_rollout(name) {
  rollout_name = name;
  oldest = null;
  shown_ids.clear();
  $('decisions').replaceChildren();
}
$('rollouts').addEventListener('change', () => { choose_rollout($('rollouts').value); show_rollout().catch(() => {}); });
$('older').addEventListener('click', () => { show_decisions(oldest).catch(() => {}); });
