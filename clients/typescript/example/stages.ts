import {
  ApplicationChangesDocument,
  FeedEndDocument,
  JobStagesDocument,
  MoveToStageDocument,
  WritableActionsDocument,
  type Hiregraph,
} from "../src/index.js";
import { refuse, type Application } from "./apply.js";
import type { OpenJob } from "./jobs.js";

/** The connectors whose vendors let applications be moved. */
export async function slugsThatMove(graph: Hiregraph): Promise<Set<string>> {
  const { connectors } = await graph.ask(WritableActionsDocument);
  const moves = ({ coverage }: (typeof connectors)[number]) =>
    coverage.actions.some(({ action }) => action === "MOVE_APPLICATION_TO_STAGE");
  return new Set(connectors.filter(moves).map(({ slug }) => slug));
}

/** Moves it to the first stage that it is not in, and waits until the feed of changes tells so. */
export async function moveOn(graph: Hiregraph, job: OpenJob, application: Application): Promise<string | null> {
  const stages = (await graph.ask(JobStagesDocument, { id: job.id })).job?.stages ?? [];
  const target = stages.map(({ stage }) => stage).find(({ id }) => id !== application.currentStage?.id);
  if (target === undefined) throw new Error("the job has no other stage");

  // What follows a cursor misses nothing, even if it subscribes after the move.
  const after = (await graph.ask(FeedEndDocument)).changes.pageInfo.endCursor;
  if (after === null) throw new Error("the feed has no end");
  const { moveApplicationToStage: answer } = await graph.ask(MoveToStageDocument, {
    input: { applicationId: application.id, stageId: target.id, wait: "PT60S" },
  });
  refuse(answer.userErrors);

  for await (const { changes: change } of graph.follow(ApplicationChangesDocument, { after })) {
    const { record, recordId } = change;
    if (recordId !== application.id || record?.__typename !== "Application") continue;
    if (record.currentStage?.id === target.id) return record.currentStage.name;
  }
  throw new Error("the subscription ended");
}
