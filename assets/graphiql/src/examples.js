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
