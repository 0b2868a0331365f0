import { OpenJobsDocument, type Hiregraph, type OpenJobsQuery } from "../src/index.js";

export type OpenJob = OpenJobsQuery["jobs"]["nodes"][number];

/** Of all accounts that the key sees, page by page. */
export async function openJobs(graph: Hiregraph): Promise<OpenJob[]> {
  const jobs: OpenJob[] = [];
  let after: string | null = null;
  for (;;) {
    const page: OpenJobsQuery["jobs"] = (await graph.ask(OpenJobsDocument, { first: 100, after })).jobs;
    jobs.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return jobs;
    after = page.pageInfo.endCursor;
  }
}
