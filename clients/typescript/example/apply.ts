import { ApplyDocument, type ApplyMutation, type FailureFragment, type Hiregraph } from "../src/index.js";
import type { OpenJob } from "./jobs.js";

const EMAIL = "ada.beispiel@example.com";

export interface Application {
  id: string;
  actionId: string;
  currentStage: NonNullable<ApplyMutation["createApplication"]["application"]>["currentStage"];
}

/** However often it is asked, the candidate applies once: the key is made of what must not happen twice. */
export async function apply(graph: Hiregraph, job: OpenJob, cv: Uint8Array): Promise<Application> {
  const { createApplication: answer } = await graph.ask(ApplyDocument, {
    input: {
      integrationId: job.integration.id,
      application: { jobId: job.id },
      candidate: { firstName: "Ada", lastName: "Beispiel", emailAddress: EMAIL },
      attachments: [
        { name: "cv.pdf", type: "CV", contentType: "application/pdf", data: Buffer.from(cv).toString("base64") },
      ],
      idempotencyKey: `apply ${job.id} ${EMAIL}`,
      wait: "PT60S",
    },
  });
  refuse(answer.userErrors);
  for (const warning of answer.warnings) console.warn(`note: ${warning.message}`);
  // An action that is still under way after the wait has no application yet: WriteState asks for it later.
  if (!answer.action || !answer.application) throw new Error(`the application is ${answer.action?.state}`);
  return { id: answer.application.id, actionId: answer.action.id, currentStage: answer.application.currentStage };
}

export function refuse(errors: readonly FailureFragment[]): void {
  if (errors.length > 0) throw new Error(errors.map(({ code, message }) => `${code}: ${message}`).join("; "));
}
