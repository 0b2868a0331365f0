// The public graph, and nothing else of the server. Queries and mutations go by POST, subscriptions by
// server-sent events, because both carry the key in the Authorization header.

const ENDPOINT = new URL('graphql', document.baseURI).href;

/** Why there is no answer, in words, with the graph's code where it gave one. */
export class Failure extends Error {
  constructor(message, code, reference) {
    super(message);
    this.code = code;
    this.reference = reference;
  }
}

const UNREACHABLE = 'The server does not answer. Is it running, and is this machine connected?';

function post(key, accept, query, variables, signal) {
  return fetch(ENDPOINT, {
    method: 'POST',
    headers: { accept, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    credentials: 'omit',
    cache: 'no-store',
    body: JSON.stringify({ query, variables }),
    signal,
  });
}

function failureOf(errors) {
  const [{ message, extensions }] = errors;
  return new Failure(message, extensions?.code, extensions?.reference);
}

/** The data of one operation; throws a `Failure`, or an AbortError when `signal` says so. */
export async function ask(key, query, variables, signal) {
  let response;
  try {
    response = await post(key, 'application/graphql-response+json, application/json', query, variables, signal);
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Failure(UNREACHABLE, 'UNREACHABLE');
  }
  const answer = await response.json().catch(() => undefined);
  if (answer?.errors?.length) throw failureOf(answer.errors);
  if (!answer?.data) throw new Failure(`The server answered ${response.status} and no data.`, 'UNREADABLE');
  return answer.data;
}

/** Calls `told` for each answer; resolves at the subscription's end, and throws as `ask` does. */
export async function follow(key, query, variables, signal, told) {
  let response;
  try {
    response = await post(key, 'text/event-stream', query, variables, signal);
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Failure(UNREACHABLE, 'UNREACHABLE');
  }
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const answer = await response.json().catch(() => undefined);
    throw answer?.errors?.length ? failureOf(answer.errors) : new Failure(UNREACHABLE, 'UNREADABLE');
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Failure('The connection was lost.', 'UNREACHABLE');
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      if (event === 'complete') return;
      if (event !== 'next') continue;
      const answer = JSON.parse(/^data: (.*)$/m.exec(block)[1]);
      if (answer.errors?.length) throw failureOf(answer.errors);
      told(answer.data);
    }
  }
}
