// How the editor reaches the API: queries and mutations by POST, subscriptions by server-sent events,
// because both carry the key in the Authorization header. Nothing is sent while there is no key.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';
import { createClient } from 'graphql-sse';

export const MAKE_A_KEY = 'hiregraph keys create --name me --scopes RECORDS_READ';

const ENDPOINT = new URL('graphql', document.baseURI).href;

/** `onRefused(true)` when the server does not take the key, `onRefused(false)` when it does. */
export function fetcherFor(key, onRefused) {
  if (!key) {
    const message = `Enter an API key at the top of the page. To make one: ${MAKE_A_KEY}`;
    return async () => ({ errors: [{ message }] });
  }
  const headers = { authorization: `Bearer ${key}` };
  const fetcher = createGraphiQLFetcher({
    url: ENDPOINT,
    headers,
    enableIncrementalDelivery: false,
    async fetch(url, init) {
      const response = await fetch(url, { ...init, credentials: 'omit' });
      onRefused(response.status === 401);
      return response;
    },
    wsClient: createClient({ url: ENDPOINT, headers, credentials: 'omit', retryAttempts: 3 }),
  });
  return (asked, options) => fetcher(...current(asked, options));
}

/** GraphiQL reads its editor's text a moment late: what is run then still has the name and kind of what was there before. */
function current(asked, options) {
  let documentAST;
  try {
    documentAST = parse(asked.query);
  } catch {
    return [asked, options];
  }
  const names = documentAST.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).map(({ name }) => name?.value);
  const known = names.includes(asked.operationName);
  const operationName = known || names.length > 1 ? asked.operationName : names[0];
  return [{ ...asked, operationName }, { ...options, documentAST }];
}
