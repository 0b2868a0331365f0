"""Lists the open jobs of all accounts, applies for one with a CV, moves the application on and hears of it.

HIREGRAPH_URL and HIREGRAPH_KEY say where; the key needs RECORDS_READ and RECORDS_WRITE.
"""

import asyncio
import base64
import os
from collections import Counter
from pathlib import Path

from hiregraph_client import (
    ActionKind,
    ApplicationChangesChangesRecordApplication,
    ApplicationTargetInput,
    ApplyCreateApplication,
    AttachmentInput,
    AttachmentType,
    CandidateInput,
    CreateApplicationInput,
    Failure,
    Hiregraph,
    MoveApplicationToStageInput,
    OpenJobsJobsNodes,
)

EMAIL = "bela.beispiel@example.com"

# In seconds: a write is waited for longer than httpx waits by itself.
LONGEST_WRITE = 90


async def main() -> None:
    authorization = {"authorization": f"Bearer {os.environ['HIREGRAPH_KEY']}"}
    url = os.environ["HIREGRAPH_URL"]
    async with Hiregraph(
        url=url,
        headers=authorization,
        ws_url=f"ws{url.removeprefix('http')}/ws",
        ws_headers=authorization,
    ) as graph:
        await show(graph)


async def show(graph: Hiregraph) -> None:
    jobs = await open_jobs(graph)
    for account, count in Counter(job.integration.name for job in jobs).items():
        print(f"{account}: {count} open jobs")

    slugs = await slugs_that_move(graph)
    job = next((job for job in jobs if job.integration.connector.slug in slugs), None)
    if job is None:
        raise SystemExit("no account has an open job whose applications can be moved")

    cv = Path(os.environ.get("HIREGRAPH_CV", "../cv.pdf")).read_bytes()
    applied = await apply(graph, job, cv)
    if applied.action is None or applied.application is None:
        # An action that is still under way after the wait has no application yet: write_state asks for it later.
        raise SystemExit("the application is still under way")
    stage = applied.application.current_stage
    print(f"applied for {job.name} at {job.integration.connector.name}: in stage {stage.name if stage else None}")

    again = await apply(graph, job, cv)
    if again.action is None or again.action.id != applied.action.id:
        raise SystemExit("the same key made a second application")
    print("asked again with the same key: nothing was sent")

    name = await move_on(graph, job.id, applied.application.id, stage.id if stage else None)
    print(f"heard that the application is in stage {name}")


async def open_jobs(graph: Hiregraph) -> list[OpenJobsJobsNodes]:
    """Of all accounts that the key sees, page by page."""
    jobs: list[OpenJobsJobsNodes] = []
    after: str | None = None
    while True:
        page = await graph.open_jobs(first=100, after=after)
        jobs.extend(page.nodes)
        if not page.page_info.has_next_page:
            return jobs
        after = page.page_info.end_cursor


async def slugs_that_move(graph: Hiregraph) -> set[str]:
    """The connectors whose vendors let applications be moved."""
    return {
        connector.slug
        for connector in await graph.writable_actions()
        if any(covered.action == ActionKind.MOVE_APPLICATION_TO_STAGE for covered in connector.coverage.actions)
    }


async def apply(graph: Hiregraph, job: OpenJobsJobsNodes, cv: bytes) -> ApplyCreateApplication:
    """However often it is asked, the candidate applies once: the key is made of what must not happen twice."""
    answer = await graph.apply(
        CreateApplicationInput(
            integration_id=job.integration.id,
            application=ApplicationTargetInput(job_id=job.id),
            candidate=CandidateInput(first_name="Bela", last_name="Beispiel", email_address=EMAIL),
            attachments=[
                AttachmentInput(
                    name="cv.pdf",
                    type=AttachmentType.CV,
                    content_type="application/pdf",
                    data=base64.b64encode(cv).decode(),
                )
            ],
            idempotency_key=f"apply {job.id} {EMAIL}",
            wait="PT60S",
        ),
        timeout=LONGEST_WRITE,
    )
    refuse(answer.user_errors)
    for warning in answer.warnings:
        print(f"note: {warning.message}")
    return answer


async def move_on(graph: Hiregraph, job_id: str, application_id: str, stage_id: str | None) -> str | None:
    """Moves it to the first stage that it is not in, and waits until the feed of changes tells so."""
    job = await graph.job_stages(job_id)
    target = next((step.stage for step in job.stages if step.stage.id != stage_id), None) if job else None
    if target is None:
        raise SystemExit("the job has no other stage")

    # What follows a cursor misses nothing, even if it subscribes after the move.
    after = (await graph.feed_end()).page_info.end_cursor
    if after is None:
        raise SystemExit("the feed has no end")
    answer = await graph.move_to_stage(
        MoveApplicationToStageInput(application_id=application_id, stage_id=target.id, wait="PT60S"),
        timeout=LONGEST_WRITE,
    )
    refuse(answer.user_errors)

    heard: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def listen() -> None:
        async for change in graph.application_changes(after=after):
            match change.record:
                case ApplicationChangesChangesRecordApplication(current_stage=now) if now and now.id == target.id:
                    if change.record_id == application_id and not heard.done():
                        heard.set_result(now.name)
        raise RuntimeError("the subscription ended")

    # Leaving the loop would leave the connection to the garbage collector: a task that is cancelled closes it.
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        name = await heard
        listening.cancel()
    return name


def refuse(errors: list[Failure]) -> None:
    if errors:
        raise SystemExit("; ".join(f"{error.code.value}: {error.message}" for error in errors))


if __name__ == "__main__":
    asyncio.run(main())
