-- A copy of the service's tables as a developer would lay them out for the peers: every id is unique already, so it is
-- the primary key alone; relations are foreign keys with an index each; and what lists are ordered by has an index over
-- all integrations, which the service itself, made for many of them, does not have. Nothing here slows a peer down.

-- The service leaves out what points to something that the vendor does not show; nobody else has to look for it.
DELETE FROM hiring_team_members WHERE user_id NOT IN (SELECT id FROM users);
DELETE FROM candidate_tags WHERE tag_id NOT IN (SELECT id FROM tags);
DELETE FROM job_stages WHERE stage_id NOT IN (SELECT id FROM application_stages);

ALTER TABLE users DROP CONSTRAINT users_pkey, ADD PRIMARY KEY (id);
ALTER TABLE jobs DROP CONSTRAINT jobs_pkey, ADD PRIMARY KEY (id);
ALTER TABLE candidates DROP CONSTRAINT candidates_pkey, ADD PRIMARY KEY (id);
ALTER TABLE applications DROP CONSTRAINT applications_pkey, ADD PRIMARY KEY (id);
ALTER TABLE application_stages DROP CONSTRAINT application_stages_pkey, ADD PRIMARY KEY (id);
ALTER TABLE job_stages DROP CONSTRAINT job_stages_pkey, ADD PRIMARY KEY (id);
ALTER TABLE tags DROP CONSTRAINT tags_pkey, ADD PRIMARY KEY (id);
ALTER TABLE candidate_tags DROP CONSTRAINT candidate_tags_pkey, ADD PRIMARY KEY (id);
ALTER TABLE hiring_team_members DROP CONSTRAINT hiring_team_members_pkey, ADD PRIMARY KEY (id);

CREATE INDEX peers_applications_changed ON applications (changed_at DESC, id DESC);
CREATE INDEX peers_applications_job ON applications (job_id, changed_at DESC, id DESC);
CREATE INDEX peers_applications_candidate ON applications (candidate_id);
CREATE INDEX peers_applications_stage ON applications (current_stage_id, outcome, changed_at DESC, id DESC);
CREATE INDEX peers_jobs_changed ON jobs (changed_at DESC, id DESC);
CREATE INDEX peers_jobs_contact ON jobs (contact_id);
CREATE INDEX peers_candidates_changed ON candidates (changed_at DESC, id DESC);
CREATE INDEX peers_candidate_tags_candidate ON candidate_tags (candidate_id);
CREATE INDEX peers_candidate_tags_tag ON candidate_tags (tag_id);
CREATE INDEX peers_job_stages_job ON job_stages (job_id, position);
CREATE INDEX peers_job_stages_stage ON job_stages (stage_id);
CREATE INDEX peers_team_job ON hiring_team_members (job_id);
CREATE INDEX peers_team_user ON hiring_team_members (user_id);

-- Not validated: a vendor may refer to what it does not show.
ALTER TABLE applications
  ADD CONSTRAINT application_candidate FOREIGN KEY (candidate_id) REFERENCES candidates (id) NOT VALID,
  ADD CONSTRAINT application_job FOREIGN KEY (job_id) REFERENCES jobs (id) NOT VALID,
  ADD CONSTRAINT application_stage FOREIGN KEY (current_stage_id) REFERENCES application_stages (id) NOT VALID;
ALTER TABLE jobs ADD CONSTRAINT job_contact FOREIGN KEY (contact_id) REFERENCES users (id) NOT VALID;
ALTER TABLE candidate_tags
  ADD CONSTRAINT tag_candidate FOREIGN KEY (candidate_id) REFERENCES candidates (id) NOT VALID,
  ADD CONSTRAINT tag_tag FOREIGN KEY (tag_id) REFERENCES tags (id) NOT VALID;
ALTER TABLE job_stages
  ADD CONSTRAINT stage_job FOREIGN KEY (job_id) REFERENCES jobs (id) NOT VALID,
  ADD CONSTRAINT stage_stage FOREIGN KEY (stage_id) REFERENCES application_stages (id) NOT VALID;
ALTER TABLE hiring_team_members
  ADD CONSTRAINT member_job FOREIGN KEY (job_id) REFERENCES jobs (id) NOT VALID,
  ADD CONSTRAINT member_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- The peers' generators see no more than what is asked for.
DROP SCHEMA IF EXISTS graphile_worker CASCADE;
