// What the graph's values are called on the page, and in which tone: good, bad, warn, busy or calm.

/** `JOB_STAGE` is `Job stage`. */
export function words(value) {
  const text = value.toLowerCase().replaceAll('_', ' ');
  return text[0].toUpperCase() + text.slice(1);
}

export const MODELS = {
  USER: 'Users',
  JOB: 'Jobs',
  CANDIDATE: 'Candidates',
  APPLICATION: 'Applications',
  APPLICATION_STAGE: 'Stages',
  JOB_STAGE: 'Job stages',
  TAG: 'Tags',
  CANDIDATE_TAG: 'Candidate tags',
  HIRING_TEAM_MEMBER: 'Hiring team members',
};

const TONES = {
  ACTIVE: 'good',
  SETTING_UP: 'busy',
  INVALID: 'bad',
  PAUSED: 'calm',
  QUEUED: 'calm',
  RUNNING: 'busy',
  SUCCEEDED: 'good',
  PARTIALLY_FAILED: 'warn',
  PARTIALLY_SUCCEEDED: 'warn',
  FAILED: 'bad',
  AUTHENTICATION_FAILED: 'bad',
  TIMED_OUT: 'bad',
  CANCELLED: 'calm',
  PENDING: 'busy',
  DELIVERED: 'good',
  SUBSCRIBED: 'good',
  UNSUBSCRIBED: 'calm',
};

export function tone(state) {
  return TONES[state] ?? 'calm';
}

export function isUnderWay(state) {
  return state === 'QUEUED' || state === 'RUNNING';
}

/** What an operator has to know of an account at a glance: a label, a tone, and why. */
export function health({ state, stateReason, lastSync, models = [] }) {
  const label = words(state);
  if (state === 'INVALID') return { label, tone: 'bad', why: stateReason ?? 'The vendor refuses the credentials.' };
  if (state === 'PAUSED') return { label, tone: 'calm', why: stateReason };
  const failed = lastSync && ['FAILED', 'AUTHENTICATION_FAILED', 'TIMED_OUT'].includes(lastSync.state);
  if (failed) {
    const cause = stateReason ?? lastSync.models?.find(model => model.error)?.error;
    return { label: 'Failing', tone: 'bad', why: cause ?? `The last sync: ${words(lastSync.state).toLowerCase()}.` };
  }
  const unreadable = models.filter(model => !model.readable || model.error);
  if (unreadable.length) {
    const names = unreadable.map(model => MODELS[model.model]).join(', ');
    return { label: 'Degraded', tone: 'warn', why: stateReason ?? `Not all can be read: ${names}.` };
  }
  return { label, tone: tone(state), why: stateReason };
}

const NUMBER = new Intl.NumberFormat('en');
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
/** The length of each in seconds, and from where on it is the one to count in, so that 60 minutes are an hour. */
const UNITS = [
  ['day', 86_400, 84_600],
  ['hour', 3_600, 3_570],
  ['minute', 60, 60],
];

export function number(value) {
  return NUMBER.format(value);
}

export function exact(time) {
  return EXACT.format(new Date(time));
}

export function relative(time, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const unit = UNITS.find(([, , from]) => Math.abs(seconds) >= from);
  if (!unit) return seconds <= 0 ? 'just now' : 'in a moment';
  return RELATIVE.format(Math.round(seconds / unit[1]), unit[0]);
}

export function lasted(from, to) {
  const milliseconds = new Date(to).getTime() - new Date(from).getTime();
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `PT1H30M` is `1 h 30 min`. */
export function duration(iso) {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/.exec(iso);
  if (!found) return iso;
  const names = ['d', 'h', 'min', 's'];
  return names.flatMap((name, at) => (found[at + 1] ? [`${found[at + 1]} ${name}`] : [])).join(' ') || iso;
}

/** The counts of a run's record types, summed. */
export function totals(models) {
  const sum = { fetched: 0, created: 0, updated: 0, unchanged: 0, deleted: 0 };
  for (const model of models) for (const name of Object.keys(sum)) sum[name] += model[name];
  return sum;
}
