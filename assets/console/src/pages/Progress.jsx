// A sync run in a cell: its bar while it goes on, else how and when it ended.
import { Badge, Time } from '../parts.jsx';
import { href } from '../route.js';
import { isUnderWay, number, tone, words } from '../words.js';

/** What has been read of all record types together; without a total of each there is no end to measure by. */
export function share(models) {
  const fetched = models.reduce((sum, model) => sum + model.fetched, 0);
  const known = models.length > 0 && models.every(model => model.expected !== null || !isUnderWay(model.state));
  const expected = models.reduce((sum, model) => sum + Math.max(model.expected ?? 0, model.fetched), 0);
  return { fetched, expected: known && expected > 0 ? expected : undefined };
}

export function Progress({ run, integration }) {
  if (!run) return <span class="faint">none yet</span>;
  const label = `${words(run.kind)} sync`;
  const link = href('integrations', integration, 'runs', run.id);
  if (!isUnderWay(run.state)) {
    return (
      <a class="run" href={link}>
        <span class="unseen">{label}: </span>
        <Badge tone={tone(run.state)}>{words(run.state)}</Badge>
        <span class="sub"><Time at={run.finishedAt} /></span>
      </a>
    );
  }
  const { fetched, expected } = share(run.models);
  return (
    <a class="run" href={link}>
      <progress aria-label={label} max={expected ?? 1} value={expected ? fetched : undefined} />
      <span class="sub">{run.state === 'QUEUED' ? 'Queued' : `${number(fetched)}${expected ? ` of ${number(expected)}` : ''} read`}</span>
    </a>
  );
}
