// What all pages are made of. Nothing here asks the graph.
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { exact, relative, tone as toneOf, words } from './words.js';

const PATHS = {
  plug: 'M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4',
  bolt: 'M13 3 5 14h6l-1 7 8-11h-6z',
  send: 'M4 12 20 4l-5 16-4-6zM11 14l9-10',
  grid: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  code: 'm8 7-5 5 5 5M16 7l5 5-5 5',
  leave: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  alert: 'M12 4 2.5 20h19zM12 10v4M12 17v.5',
  check: 'm4 12 5 5L20 6',
  close: 'M6 6l12 12M18 6 6 18',
  sync: 'M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4l12 8-12 8z',
  flask: 'M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M8 15h8',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  plus: 'M12 5v14M5 12h14',
  back: 'm14 6-6 6 6 6',
  on: 'm10 6 6 6-6 6',
};

export function Icon({ name }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={PATHS[name]} /></svg>
  );
}

export function Logo() {
  return (
    <span class="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <path class="lines" d="M8 7v18M24 7v18M8 16h16" />
        <g class="dots"><circle cx="8" cy="7" r="4" /><circle cx="8" cy="25" r="4" /><circle cx="24" cy="7" r="4" /><circle cx="24" cy="25" r="4" /></g>
        <circle class="heart" cx="16" cy="16" r="4" />
      </svg>
      Hiregraph
    </span>
  );
}

/** A page's head: its name, the way back, what can be done. */
export function Head({ title, back, badge, lead, children }) {
  useEffect(() => {
    document.title = `${title} · Hiregraph console`;
  }, [title]);
  return (
    <header class="head">
      {back && <a class="back" href={back.href}><Icon name="back" />{back.label}</a>}
      <div class="line"><h1>{title}</h1>{badge}</div>
      {lead && <p class="faint lead">{lead}</p>}
      {children && <div class="doing">{children}</div>}
    </header>
  );
}

export function Badge({ tone, children }) {
  return <span class={`badge ${tone}`}><span class="dot" aria-hidden="true" />{children}</span>;
}

export function State({ value }) {
  return <Badge tone={toneOf(value)}>{words(value)}</Badge>;
}

/** A point in time as it lies from now, which is put right twice a minute. */
export function Time({ at, none = '–' }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick(count => count + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return at ? <time dateTime={at} title={exact(at)}>{relative(at)}</time> : <span class="faint">{none}</span>;
}

/**
 * `columns`: [key, label, what it shows of a row, class]. On a phone a row is a card, for which styles take the table's roles
 * away, so that they are named. `compact`: there the values go without their columns' names.
 */
export function Table({ caption, columns, rows, compact, keyOf = row => row.id }) {
  return (
    <table role="table" class={compact && 'compact'}>
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(([key, label, , style]) => <th key={key} role="columnheader" scope="col" class={style}>{label}</th>)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map(row => (
          <tr key={keyOf(row)} role="row">
            {columns.map(([key, label, show, style], at) => (
              <td key={key} role="cell" class={[style, at === 0 && 'first'].filter(Boolean).join(' ') || undefined} data-label={label}>
                {show(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Section({ title, aside, children }) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <div class="line"><h2 id={id}>{title}</h2>{aside}</div>
      {children}
    </section>
  );
}

export function Facts({ of }) {
  return (
    <dl class="facts">
      {of.filter(Boolean).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** Text in which backquotes mark what is typed or shown as it stands. */
export function Marked({ text }) {
  return <>{text.split('`').map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}</>;
}

export function Empty({ title, children }) {
  return <div class="empty"><p class="title">{title}</p>{children && <p class="faint">{children}</p>}</div>;
}

export function Nowhere({ what }) {
  return <Empty title={`There is no such ${what}`}>It may have been deleted, or this key may not see it.</Empty>;
}

export function Problem({ error, again }) {
  const missing = error.code === 'FORBIDDEN';
  return (
    <div class="note bad" role="alert">
      <Icon name="alert" />
      <span>{missing ? `This key may not see this: ${error.message}.` : error.message}</span>
      {again && !missing && <button type="button" onClick={again}>Try again</button>}
    </div>
  );
}

/**
 * What became of a query: its content as soon as there is some, and also while it is asked again or that fails. A server
 * that does not answer must not take away what can be read.
 */
export function Asked({ of: { data, error, loading, again }, children }) {
  return (
    <>
      {error && <Problem error={error} again={again} />}
      {data ? children(data) : loading && <Loading />}
    </>
  );
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading…</span>
      <span class="bar" /><span class="bar" /><span class="bar" />
    </div>
  );
}

export function Pager({ pages, info }) {
  if (pages.number === 1 && !info.hasNextPage) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={pages.number === 1} onClick={pages.newer}><Icon name="back" />Previous</button>
      <span class="faint" aria-live="polite">Page {pages.number}</span>
      <button type="button" disabled={!info.hasNextPage} onClick={() => pages.older(info)}>Next<Icon name="on" /></button>
    </nav>
  );
}

/** A modal; closing by Escape and giving the focus back are the browser's. `problem`: why what it is for did not work. */
export function Dialog({ title, problem, onClose, children }) {
  const element = useRef();
  const id = useId();
  useEffect(() => {
    element.current.showModal();
  }, []);
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      <div class="line">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet icon" aria-label="Close" onClick={() => element.current.close()}><Icon name="close" /></button>
      </div>
      {problem && <p class="note bad" role="alert"><Icon name="alert" /><span>{problem}</span></p>}
      {children}
    </dialog>
  );
}

export function Field({ label, hint, children }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, hint ? `${id}-hint` : undefined)}
      {hint && <p id={`${id}-hint`} class="faint small">{hint}</p>}
    </div>
  );
}

export function Copyable({ label, value }) {
  const [copied, setCopied] = useState(false);
  const field = useRef();
  async function copy() {
    field.current.select();
    // Without a clipboard, as over plain http, the selected text can be copied by hand.
    await navigator.clipboard?.writeText(value).then(() => setCopied(true), () => {});
  }
  return (
    <div class="copyable">
      <input ref={field} readOnly value={value} aria-label={label} onFocus={event => event.currentTarget.select()} />
      <button type="button" class="primary" onClick={copy}><Icon name="copy" />{copied ? 'Copied' : 'Copy'}</button>
    </div>
  );
}

/** A body of a request, as JSON where it is such. */
export function Code({ label, text }) {
  let shown = text;
  try {
    shown = JSON.stringify(typeof text === 'string' ? JSON.parse(text) : text, null, 2);
  } catch {
    // Not JSON: as it is.
  }
  return (
    <figure class="code">
      <figcaption>{label}</figcaption>
      <pre tabIndex={0} aria-label={label}>{shown}</pre>
    </figure>
  );
}
