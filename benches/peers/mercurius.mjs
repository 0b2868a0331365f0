// Mercurius with graphql-jit, batched loaders and hand-written SQL over the tables of the service. No key, no scope, no
// limit.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

// As many connections as the service has. Each statement is prepared once a connection, under its name.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const schema = `
  scalar JSON
  type Query {
    applications(first: Int!, currentStageId: ID, outcome: String): ApplicationPage!
    jobs(first: Int!): [Job!]!
    candidates(first: Int!): [Candidate!]!
    candidate(id: ID!): Candidate
  }
  type ApplicationPage { totalCount: Int!, nodes: [Application!]! }
  type Application { id: ID!, outcome: String, candidate: Candidate, job: Job, currentStage: ApplicationStage }
  type Candidate {
    id: ID!, firstName: String, lastName: String, title: String, source: String, emailAddresses: [EmailAddress!]!
    tags: [CandidateTag!]!
  }
  type EmailAddress { address: String!, type: String, typeRaw: String }
  type CandidateTag { tag: Tag! }
  type Tag { id: ID!, name: String }
  type Job {
    id: ID!, name: String, status: String, department: String, code: String, category: String, contact: User
    applications(first: Int!): [Application!]!
    stages: [JobStage!]!
    hiringTeam: [HiringTeamMember!]!
  }
  type JobStage { index: Int, stage: ApplicationStage! }
  type ApplicationStage { id: ID!, name: String }
  type HiringTeamMember { roles: [String!]!, user: User! }
  type User { id: ID!, firstName: String, lastName: String }
`;

const APPLICATION = "a.id, a.outcome, a.candidate_id, a.job_id, a.current_stage_id";
const CANDIDATE =
  'c.id, c.first_name AS "firstName", c.last_name AS "lastName", c.title, c.source, c.email_addresses AS "emailAddresses"';
const JOB = "j.id, j.name, j.status, j.department, j.code, j.category, j.contact_id";
const LATEST = "ORDER BY changed_at DESC, id DESC";

const resolvers = {
  Query: {
    async applications(_, { first, currentStageId, outcome }, context, info) {
      if (!currentStageId) {
        const sql = `SELECT ${APPLICATION} FROM applications a WHERE remote_deleted_at IS NULL ${LATEST} LIMIT $1`;
        return { nodes: await rows("applications", sql, [first]) };
      }
      const where = "a.current_stage_id = $1 AND a.outcome = $2 AND a.remote_deleted_at IS NULL";
      const [nodes, [{ count }]] = await Promise.all([
        rows("filtered", `SELECT ${APPLICATION} FROM applications a WHERE ${where} ${LATEST} LIMIT $3`, [
          currentStageId, outcome, first,
        ]),
        rows("counted", `SELECT COUNT(*)::int AS count FROM applications a WHERE ${where}`, [currentStageId, outcome]),
      ]);
      return { totalCount: count, nodes };
    },
    jobs: (_, { first }) =>
      rows("jobs", `SELECT ${JOB} FROM jobs j WHERE remote_deleted_at IS NULL ${LATEST} LIMIT $1`, [first]),
    candidates: (_, { first }) =>
      rows("candidates", `SELECT ${CANDIDATE} FROM candidates c WHERE remote_deleted_at IS NULL ${LATEST} LIMIT $1`, [first]),
    candidate: async (_, { id }) => (await rows("candidate", `SELECT ${CANDIDATE} FROM candidates c WHERE id = $1`, [id]))[0],
  },
};

/** A loader of the one row that `column` of each parent names. */
function one(name, sql, column) {
  return async (queries) => {
    const wanted = [...new Set(queries.map(({ obj }) => obj[column]).filter(Boolean))];
    const found = new Map((await rows(name, sql, [wanted])).map((row) => [row.id, row]));
    return queries.map(({ obj }) => found.get(obj[column]) ?? null);
  };
}

/** A loader of all rows whose `parent` is one of the parents; they come in order. */
function many(name, sql, more = () => []) {
  return async (queries) => {
    const lists = new Map(queries.map(({ obj }) => [obj.id, []]));
    for (const row of await rows(name, sql, [[...lists.keys()], ...more(queries[0].params)])) lists.get(row.parent).push(row);
    return queries.map(({ obj }) => lists.get(obj.id));
  };
}

const loaders = {
  Application: {
    candidate: one("by_candidate", `SELECT ${CANDIDATE} FROM candidates c WHERE id = ANY($1::uuid[])`, "candidate_id"),
    job: one("by_job", `SELECT ${JOB} FROM jobs j WHERE id = ANY($1::uuid[])`, "job_id"),
    currentStage: one("by_stage", "SELECT id, name FROM application_stages WHERE id = ANY($1::uuid[])", "current_stage_id"),
  },
  Candidate: {
    tags: many(
      "tags",
      `SELECT x.candidate_id AS parent, json_build_object('id', g.id, 'name', g.name) AS tag FROM candidate_tags x
       JOIN tags g ON g.id = x.tag_id WHERE x.candidate_id = ANY($1::uuid[]) AND x.remote_deleted_at IS NULL
       ORDER BY g.name, x.id`,
    ),
  },
  Job: {
    contact: one("contact", 'SELECT id, first_name AS "firstName", last_name AS "lastName" FROM users WHERE id = ANY($1::uuid[])', "contact_id"),
    applications: many(
      "applications_of",
      `SELECT p.id AS parent, a.* FROM unnest($1::uuid[]) p(id) CROSS JOIN LATERAL (SELECT ${APPLICATION} FROM applications a
       WHERE a.job_id = p.id AND a.remote_deleted_at IS NULL ${LATEST} LIMIT $2) a`,
      ({ first }) => [first],
    ),
    stages: many(
      "stages_of",
      `SELECT x.job_id AS parent, x.position AS index, json_build_object('id', s.id, 'name', s.name) AS stage FROM job_stages x
       JOIN application_stages s ON s.id = x.stage_id WHERE x.job_id = ANY($1::uuid[]) AND x.remote_deleted_at IS NULL
       ORDER BY x.position, x.id`,
    ),
    hiringTeam: many(
      "team_of",
      `SELECT x.job_id AS parent, x.roles,
       json_build_object('id', u.id, 'firstName', u.first_name, 'lastName', u.last_name) AS user FROM hiring_team_members x
       JOIN users u ON u.id = x.user_id WHERE x.job_id = ANY($1::uuid[]) AND x.remote_deleted_at IS NULL ORDER BY x.id`,
    ),
  },
};

const app = Fastify();
// Compiled from the first request on.
app.register(mercurius, { schema, resolvers, loaders, jit: 1, path: "/graphql" });
await app.listen({ host: "127.0.0.1", port: 0 });
console.log(`listening on http://127.0.0.1:${app.server.address().port}`);
