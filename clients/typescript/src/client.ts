// Asks the graph by fetch, and follows it by server-sent events. Knows no operation: they are in operations.ts.

import { createClient, type Client as Events } from "graphql-sse";
import type { TypedDocumentString } from "./operations.js";

/** Variables may be left out only where there are none. */
type Given<Variables> = Variables extends Record<string, never> ? [] : [variables: Variables];

export interface GraphError {
  message: string;
  path?: ReadonlyArray<string | number>;
  extensions?: { code?: string; [key: string]: unknown };
}

/** The request was not answered as asked. What a mutation refuses is not here, but in its `userErrors`. */
export class RequestFailed extends Error {
  constructor(
    readonly errors: readonly GraphError[],
    readonly status?: number,
  ) {
    super(errors.map((error) => error.message).join("; "));
    this.name = "RequestFailed";
  }
}

export interface Options {
  /** The address of the graph, as in `https://hiregraph.example/graphql`. */
  url: string;
  /** An API key: `hgk_…`. */
  key: string;
}

export class Hiregraph {
  readonly #options: Options;
  readonly #events: Events;

  constructor(options: Options) {
    this.#options = options;
    this.#events = createClient({
      url: options.url,
      headers: { authorization: `Bearer ${options.key}` },
      // A connection that is made anew must begin after the last cursor, which only the caller knows.
      retryAttempts: 0,
    });
  }

  async ask<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    ...[variables]: Given<Variables>
  ): Promise<Result> {
    const response = await fetch(this.#options.url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.#options.key}`,
        "content-type": "application/json",
        accept: "application/graphql-response+json",
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    if (!response.headers.get("content-type")?.includes("json")) {
      throw new RequestFailed([{ message: `answered by status ${response.status}` }], response.status);
    }
    return dataOf((await response.json()) as Answer<Result>, response.status);
  }

  /** Ends with the subscription, or when the caller leaves the loop. */
  async *follow<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    ...[variables]: Given<Variables>
  ): AsyncGenerator<Result, void, undefined> {
    const query = document.toString();
    const payload = variables === undefined ? { query } : { query, variables: variables as Record<string, unknown> };
    for await (const answer of this.#events.iterate(payload)) yield dataOf(answer as Answer<Result>);
  }
}

interface Answer<Result> {
  data?: Result | null;
  errors?: readonly GraphError[];
}

function dataOf<Result>(answer: Answer<Result>, status?: number): Result {
  if (answer.errors !== undefined) throw new RequestFailed(answer.errors, status);
  if (answer.data === undefined || answer.data === null) {
    throw new RequestFailed([{ message: "answered without data" }], status);
  }
  return answer.data;
}
