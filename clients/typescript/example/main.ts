// Lists the open jobs of all accounts, applies for one with a CV, moves the application on and hears of it.
// HIREGRAPH_URL and HIREGRAPH_KEY say where; the key needs RECORDS_READ and RECORDS_WRITE.

import { readFile } from "node:fs/promises";
import { Hiregraph } from "../src/index.js";
import { apply } from "./apply.js";
import { openJobs, type OpenJob } from "./jobs.js";
import { moveOn, slugsThatMove } from "./stages.js";

const graph = new Hiregraph({ url: setting("HIREGRAPH_URL"), key: setting("HIREGRAPH_KEY") });

const jobs = await openJobs(graph);
const counts = new Map<string, number>();
for (const { integration } of jobs) {
  counts.set(integration.name, (counts.get(integration.name) ?? 0) + 1);
}
for (const [account, count] of counts) console.log(`${account}: ${count} open jobs`);

const slugs = await slugsThatMove(graph);
const job = jobs.find(({ integration }) => slugs.has(integration.connector.slug));
if (job === undefined) throw new Error("no account has an open job whose applications can be moved");

const cv = await readFile(setting("HIREGRAPH_CV", "../cv.pdf"));
const application = await apply(graph, job, cv);
console.log(`applied for ${title(job)}: in stage ${application.currentStage?.name}`);

const again = await apply(graph, job, cv);
if (again.actionId !== application.actionId) throw new Error("the same key made a second application");
console.log("asked again with the same key: nothing was sent");

const stage = await moveOn(graph, job, application);
console.log(`heard that the application is in stage ${stage}`);

function title(job: OpenJob): string {
  return `${job.name} at ${job.integration.connector.name}`;
}

function setting(name: string, otherwise?: string): string {
  const value = process.env[name] ?? otherwise;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
