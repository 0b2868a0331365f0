//! `/recruitments/…`: jobs, their members and states (§5.1 to §5.8).

use axum::http::Method;
use serde_json::{Value, json};

use super::collection::{Collection, is_hidden};
use super::fault::Kind;
use super::metadata;
use super::query::stamp;
use super::render;
use super::reply::Reply;
use super::route::Desk;

pub(super) fn answer(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    let get = desk.call.method == Method::GET;
    let [id, rest @ ..] = rest else {
        return if get { desk.list(Collection::Recruitments) } else { Err(Reply::not_allowed()) };
    };
    let id: i64 = id.parse().map_err(|_| Reply::not_found())?;
    let hidden = desk.faults.on(Kind::HiddenHalf, &desk.call.path) && is_hidden(id);
    if hidden || !desk.account.jobs.contains_key(&id) {
        return Err(Reply::not_found());
    }
    match rest {
        [] if get && desk.wants_metadata() => {
            Ok(Reply::json(200, &metadata::of(desk.account, Collection::Recruitments)))
        }
        [] if get => {
            let mut detail = render::recruitment(desk.account, id);
            desk.drop_field(&mut detail);
            Ok(Reply::json(200, &detail))
        }
        ["states"] if get => {
            let partial = desk.faults.on(Kind::PartialStates, &desk.call.path);
            Ok(Reply::json(200, &render::job_states(desk.account, id, partial)))
        }
        ["employees"] if get => desk.list(Collection::Members(id)),
        ["rejections"] if get => {
            let rows =
                desk.account.rejections().into_iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
            Ok(Reply::json(200, &Value::Array(rows)))
        }
        ["job_posts"] if get => Ok(Reply::json(200, &job_posts(desk, id))),
        ["employees", candidate] => member(desk, id, candidate),
        [] | ["states" | "employees" | "rejections" | "job_posts"] => Err(Reply::not_allowed()),
        _ => Err(Reply::not_found()),
    }
}

fn member(desk: &mut Desk<'_>, job: i64, candidate: &str) -> Result<Reply, Reply> {
    let candidate: i64 = candidate.parse().map_err(|_| Reply::not_found())?;
    if !desk.account.candidates.contains_key(&candidate) {
        return Err(Reply::not_found());
    }
    if desk.call.method == Method::POST {
        if desk.account.members.contains_key(&(job, candidate)) {
            let silent = desk.faults.on(Kind::DuplicateAdd204, &desk.call.path);
            let refused = Reply::fail(409, "Employee is already added to this recruitment");
            return if silent { Ok(Reply::empty(204)) } else { Err(refused) };
        }
        if !desk.account.add_member(job, candidate) {
            return Err(Reply::not_found());
        }
        desk.wrote("POST /recruitments/{rid}/employees/{eid}");
        let answer = json!({"employee": {"id": candidate}, "recruitment": {"id": job}});
        return Ok(desk.or_204(Reply::json(201, &answer)));
    }
    if desk.call.method == Method::DELETE {
        if !desk.account.remove_member(job, candidate) {
            return Err(Reply::not_found());
        }
        desk.wrote("DELETE /recruitments/{rid}/employees/{eid}");
        return Ok(Reply::empty(204));
    }
    Err(Reply::not_allowed())
}

/// The adverts of a job with their publications (§5.4).
fn job_posts(desk: &Desk<'_>, job: i64) -> Value {
    let code = desk.account.job(job).and_then(|job| job.nr_ref.as_deref());
    let posts = desk.account.posts.iter().filter(|(_, post)| post.recruitment == job);
    let rows = posts.map(|(id, post)| {
        let (start, end) = (stamp(post.valid_start), stamp(post.valid_end));
        let url = super::feed::row(desk.account, *id).get("url").cloned();
        json!({"id": post.advert_id, "name": post.name, "language": post.language, "multiposting": [],
            "publications": [{"id": id, "nr_ref": code, "url": url, "valid_start": start, "valid_end": end}]})
    });
    rows.collect()
}
