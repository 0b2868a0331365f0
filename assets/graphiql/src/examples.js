// The tabs of a first visit. Every field is one of schema.graphql; a test of the server may run them all.
export const EXAMPLES = [
  {
    query: `# Open jobs, their newest applications, who applied and how far they got.
query OpenJobs {
  jobs(filter: { statuses: [OPEN] }, first: 5) {
    totalCount
    nodes {
      id
      name
      department
      location {
        city
        country
      }
      applications(first: 5, orderBy: { field: REMOTE_CREATED_AT }) {
        totalCount
        nodes {
          id
          outcome
          remoteCreatedAt
          currentStage {
            name
          }
          candidate {
            id
            firstName
            lastName
          }
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
  },
  {
    query: `# Candidates by a part of their name. Edit the name under "Variables" below.
query Candidates($name: String, $after: String) {
  candidates(
    filter: { nameContains: $name }
    orderBy: { field: LAST_NAME, direction: ASC }
    first: 10
    after: $after
  ) {
    nodes {
      id
      firstName
      lastName
      title
      emailAddresses {
        address
        type
      }
      tags {
        tag {
          name
        }
      }
      integration {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    variables: JSON.stringify({ name: 'an' }, null, 2),
  },
  {
    query: `# Every connected account: its state, what it holds, and how its last sync went.
query Integrations {
  integrations(first: 25) {
    nodes {
      id
      name
      state
      stateReason
      connector {
        slug
        name
      }
      endUser {
        organizationName
      }
      models {
        model
        count
        lastSyncedAt
        readable
        error
      }
      nextSyncAt
      lastSync {
        kind
        state
        startedAt
        finishedAt
        models {
          model
          fetched
          created
          updated
          deleted
          error
        }
      }
    }
  }
}
`,
  },
  {
    query: `subscription Changes {
  # What changes from now on, as it happens: run it, then edit a record at the vendor or begin a sync.
  changes(types: [JOB, CANDIDATE, APPLICATION]) {
    cursor
    at
    kind
    type
    recordId
    changedFields
    record {
      ... on Job {
        name
        status
      }
      ... on Candidate {
        firstName
        lastName
      }
      ... on Application {
        outcome
        currentStage {
          name
        }
      }
    }
    integration {
      name
    }
  }
}
`,
  },
  {
    query: `# Applies to a job with a candidate; needs a key with the scope RECORDS_WRITE. "integrations" and "jobs" tell the ids.
# The same idempotencyKey never sends it twice: take a new one for each application.
mutation Apply($input: CreateApplicationInput!) {
  createApplication(input: $input) {
    application {
      id
      currentStage {
        name
      }
    }
    action {
      id
      state
      steps {
        name
        state
        error
      }
    }
    warnings {
      message
    }
    userErrors {
      code
      field
      message
      vendorMessage
    }
  }
}
`,
    variables: JSON.stringify(
      {
        input: {
          integrationId: 'int_…',
          application: { jobId: 'job_…' },
          candidate: { firstName: 'Ada', lastName: 'Lovelace', emailAddress: 'ada@example.org' },
          idempotencyKey: 'application-1',
        },
      },
      null,
      2,
    ),
  },
  {
    query: `# Begins a sync, which the tab "Integrations" shows; needs a key with the scope OPERATE.
mutation SyncNow($input: SyncIntegrationInput!) {
  syncIntegration(input: $input) {
    alreadyQueued
    syncRun {
      id
      state
    }
    userErrors {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify({ input: { integrationId: 'int_…' } }, null, 2),
  },
  {
    query: `# A page on which your customer connects its account itself; needs a key with the scope OPERATE.
mutation ConnectLink($input: CreateConnectLinkInput!) {
  createConnectLink(input: $input) {
    url
    expiresAt
    userErrors {
      code
      field
      message
    }
  }
}
`,
    variables: JSON.stringify({ input: { endUser: { organizationName: 'Acme' } } }, null, 2),
  },
  {
    query: `# Connects an account; needs a key with the scope OPERATE. Put the vendor's credentials under "Variables".
# Which credentials a vendor asks for: { connectors { slug credentials { key label help required } } }
mutation ConnectAccount($input: CreateIntegrationInput!) {
  createIntegration(input: $input) {
    integration {
      id
      state
      stateReason
    }
    tests {
      name
      model
      passed
      message
      fix
    }
    userErrors {
      code
      field
      message
      vendorMessage
    }
  }
}
`,
    variables: JSON.stringify(
      {
        input: {
          connector: 'traffit',
          name: 'Acme at TRAFFIT',
          endUser: { organizationName: 'Acme' },
          credentials: { subdomain: 'acme', clientId: '', clientSecret: '' },
        },
      },
      null,
      2,
    ),
  },
];
