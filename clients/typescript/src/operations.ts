/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type ActionKind =
  | 'ADD_ATTACHMENT_TO_APPLICATION'
  | 'ADD_ATTACHMENT_TO_CANDIDATE'
  | 'ADD_NOTE_TO_APPLICATION'
  | 'ADD_RESULT_LINK_TO_APPLICATION'
  | 'CREATE_APPLICATION'
  | 'CREATE_CANDIDATE'
  | 'MOVE_APPLICATION_TO_STAGE'
  | '%future added value';

export type ActionState =
  | 'FAILED'
  /** The record exists at the vendor; some step, an attachment say, did not make it. */
  | 'PARTIALLY_SUCCEEDED'
  | 'QUEUED'
  | 'RUNNING'
  | 'SUCCEEDED'
  | '%future added value';

export type AddNoteToApplicationInput = {
  applicationId: string;
  content: string;
  /** The same key with the same input returns the first action and sends nothing. Known for 30 days. */
  idempotencyKey?: string | null | undefined;
  /** How long to wait for the vendor before the action is handed back as it stands; PT60S at most. */
  wait?: string | null | undefined;
};

export type ApplicationOutcome =
  | 'DECLINED'
  | 'HIRED'
  | 'PENDING'
  | '%future added value';

export type ApplicationTargetInput = {
  jobId: string;
  stageId?: string | null | undefined;
};

/** Exactly one of `data` and `dataUrl`. `contentType` is required with `data`, and read from the answer with `dataUrl`. */
export type AttachmentInput = {
  contentType?: string | null | undefined;
  /** Base64. */
  data?: string | null | undefined;
  dataUrl?: string | null | undefined;
  name: string;
  type?: AttachmentType | null | undefined;
};

export type AttachmentType =
  | 'COVER_LETTER'
  | 'CV'
  | 'OTHER'
  | '%future added value';

export type CandidateInput = {
  availabilityDate?: string | null | undefined;
  emailAddress: string;
  firstName: string;
  gender?: Gender | null | undefined;
  lastName: string;
  location?: LocationInput | null | undefined;
  phoneNumber?: string | null | undefined;
  salaryExpectations?: SalaryExpectationsInput | null | undefined;
  title?: string | null | undefined;
};

export type ChangeKind =
  | 'CREATED'
  | 'DELETED'
  | 'UPDATED'
  | '%future added value';

export type CreateApplicationInput = {
  application: ApplicationTargetInput;
  attachments?: Array<AttachmentInput> | null | undefined;
  candidate: CandidateInput;
  gdprConsent?: GdprConsentInput | null | undefined;
  /** The same key with the same input returns the first action and sends nothing. Known for 30 days. */
  idempotencyKey?: string | null | undefined;
  integrationId: string;
  source?: SourceInput | null | undefined;
  /** How long to wait for the vendor before the action is handed back as it stands; PT60S at most. */
  wait?: string | null | undefined;
};

export type ErrorCode =
  | 'ACTION_NOT_SUPPORTED'
  | 'APPLICATION_ALREADY_EXISTS'
  | 'ATTACHMENT_TOO_LARGE'
  | 'ATTACHMENT_URL_REFUSED'
  | 'ATTACHMENT_URL_UNREACHABLE'
  | 'FIELD_NOT_SUPPORTED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INPUT_INVALID'
  | 'INTEGRATION_CREDENTIALS_INVALID'
  | 'INTEGRATION_PAUSED'
  | 'INTEGRATION_PERMISSION_MISSING'
  | 'JOB_CLOSED'
  | 'NOT_FOUND'
  | 'REMOTE_INPUT_INVALID'
  | 'REMOTE_NOT_FOUND'
  | 'REMOTE_RATE_LIMITED'
  | 'REMOTE_TIMEOUT'
  | 'REMOTE_UNAVAILABLE'
  | 'REMOTE_UNKNOWN'
  | 'STAGE_NOT_IN_JOB'
  | '%future added value';

export type GdprConsentInput = {
  given: boolean;
};

export type Gender =
  | 'FEMALE'
  | 'MALE'
  | 'OTHER'
  | '%future added value';

export type IntegrationState =
  | 'ACTIVE'
  /** The vendor refuses the credentials. */
  | 'INVALID'
  | 'PAUSED'
  /** Connected, first sync not finished; what has arrived can already be read. */
  | 'SETTING_UP'
  | '%future added value';

export type LocationInput = {
  city?: string | null | undefined;
  /** ISO 3166-1 alpha-2. */
  country?: string | null | undefined;
  state?: string | null | undefined;
  street1?: string | null | undefined;
  zipCode?: string | null | undefined;
};

export type MoveApplicationToStageInput = {
  applicationId: string;
  /** The same key with the same input returns the first action and sends nothing. Known for 30 days. */
  idempotencyKey?: string | null | undefined;
  stageId: string;
  /** How long to wait for the vendor before the action is handed back as it stands; PT60S at most. */
  wait?: string | null | undefined;
};

export type SalaryExpectationsInput = {
  /** In the vendor's currency. */
  amount: number;
  period: SalaryPeriod;
};

export type SalaryPeriod =
  | 'MONTH'
  | 'YEAR'
  | '%future added value';

export type SourceInput = {
  name: string;
};

export type FailureFragment = { code: ErrorCode, field: Array<string> | null, message: string, retryable: boolean, vendorMessage: string | null };

export type IntegrationsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type IntegrationsQuery = { integrations: { nodes: Array<{ id: string, name: string, state: IntegrationState, stateReason: string | null, endUser: { organizationName: string, originId: string | null }, connector: { slug: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type WritableActionsQueryVariables = Exact<{ [key: string]: never; }>;


export type WritableActionsQuery = { connectors: Array<{ slug: string, coverage: { actions: Array<{ action: ActionKind }> } }> };

export type OpenJobsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type OpenJobsQuery = { jobs: { nodes: Array<{ id: string, name: string | null, department: string | null, location: { city: string | null, country: string | null } | null, integration: { id: string, name: string, connector: { slug: string, name: string } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type JobStagesQueryVariables = Exact<{
  id: string;
}>;


export type JobStagesQuery = { job: { stages: Array<{ index: number | null, stage: { id: string, name: string | null } }> } | null };

export type CandidateByEmailQueryVariables = Exact<{
  integrationId?: string | null | undefined;
  email: string;
}>;


export type CandidateByEmailQuery = { candidates: { nodes: Array<{ id: string, firstName: string | null, lastName: string | null, applications: { nodes: Array<{ id: string, outcome: ApplicationOutcome | null, job: { id: string, name: string | null } | null, currentStage: { id: string, name: string | null } | null }> } }> } };

export type ApplyMutationVariables = Exact<{
  input: CreateApplicationInput;
}>;


export type ApplyMutation = { createApplication: { action: { id: string, state: ActionState } | null, candidate: { id: string } | null, application: { id: string, currentStage: { id: string, name: string | null } | null } | null, warnings: Array<{ field: Array<string> | null, message: string }>, userErrors: Array<{ code: ErrorCode, field: Array<string> | null, message: string, retryable: boolean, vendorMessage: string | null }> } };

export type MoveToStageMutationVariables = Exact<{
  input: MoveApplicationToStageInput;
}>;


export type MoveToStageMutation = { moveApplicationToStage: { action: { id: string, state: ActionState } | null, application: { id: string, currentStage: { id: string, name: string | null } | null } | null, warnings: Array<{ field: Array<string> | null, message: string }>, userErrors: Array<{ code: ErrorCode, field: Array<string> | null, message: string, retryable: boolean, vendorMessage: string | null }> } };

export type AddNoteMutationVariables = Exact<{
  input: AddNoteToApplicationInput;
}>;


export type AddNoteMutation = { addNoteToApplication: { action: { id: string, state: ActionState } | null, warnings: Array<{ field: Array<string> | null, message: string }>, userErrors: Array<{ code: ErrorCode, field: Array<string> | null, message: string, retryable: boolean, vendorMessage: string | null }> } };

export type WriteStateQueryVariables = Exact<{
  id: string;
}>;


export type WriteStateQuery = { action: { state: ActionState, application: { id: string } | null, userErrors: Array<{ code: ErrorCode, field: Array<string> | null, message: string, retryable: boolean, vendorMessage: string | null }> } | null };

export type FeedEndQueryVariables = Exact<{ [key: string]: never; }>;


export type FeedEndQuery = { changes: { pageInfo: { endCursor: string | null } } };

export type ApplicationChangesSubscriptionVariables = Exact<{
  after: string;
}>;


export type ApplicationChangesSubscription = { changes: { cursor: string, kind: ChangeKind, recordId: string, changedFields: Array<string>, record:
      | { __typename: 'Application', outcome: ApplicationOutcome | null, currentStage: { id: string, name: string | null } | null }
      | { __typename: 'ApplicationStage' }
      | { __typename: 'Candidate' }
      | { __typename: 'CandidateTag' }
      | { __typename: 'HiringTeamMember' }
      | { __typename: 'Job' }
      | { __typename: 'JobStage' }
      | { __typename: 'Tag' }
      | { __typename: 'User' }
     | null } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const FailureFragmentDoc = new TypedDocumentString(`
    fragment Failure on UserError {
  code
  field
  message
  retryable
  vendorMessage
}
    `, {"fragmentName":"Failure"}) as unknown as TypedDocumentString<FailureFragment, unknown>;
export const IntegrationsDocument = new TypedDocumentString(`
    query Integrations($first: Int!, $after: String) {
  integrations(first: $first, after: $after) {
    nodes {
      id
      name
      state
      stateReason
      endUser {
        organizationName
        originId
      }
      connector {
        slug
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<IntegrationsQuery, IntegrationsQueryVariables>;
export const WritableActionsDocument = new TypedDocumentString(`
    query WritableActions {
  connectors {
    slug
    coverage {
      actions {
        action
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WritableActionsQuery, WritableActionsQueryVariables>;
export const OpenJobsDocument = new TypedDocumentString(`
    query OpenJobs($first: Int!, $after: String) {
  jobs(
    filter: {statuses: [OPEN]}
    first: $first
    after: $after
    orderBy: {field: NAME, direction: ASC}
  ) {
    nodes {
      id
      name
      department
      location {
        city
        country
      }
      integration {
        id
        name
        connector {
          slug
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<OpenJobsQuery, OpenJobsQueryVariables>;
export const JobStagesDocument = new TypedDocumentString(`
    query JobStages($id: ID!) {
  job(id: $id) {
    stages {
      index
      stage {
        id
        name
      }
    }
  }
}
    `) as unknown as TypedDocumentString<JobStagesQuery, JobStagesQueryVariables>;
export const CandidateByEmailDocument = new TypedDocumentString(`
    query CandidateByEmail($integrationId: ID, $email: String!) {
  candidates(integrationId: $integrationId, filter: {email: $email}, first: 10) {
    nodes {
      id
      firstName
      lastName
      applications(first: 50) {
        nodes {
          id
          outcome
          job {
            id
            name
          }
          currentStage {
            id
            name
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CandidateByEmailQuery, CandidateByEmailQueryVariables>;
export const ApplyDocument = new TypedDocumentString(`
    mutation Apply($input: CreateApplicationInput!) {
  createApplication(input: $input) {
    action {
      id
      state
    }
    candidate {
      id
    }
    application {
      id
      currentStage {
        id
        name
      }
    }
    warnings {
      field
      message
    }
    userErrors {
      ...Failure
    }
  }
}
    fragment Failure on UserError {
  code
  field
  message
  retryable
  vendorMessage
}`) as unknown as TypedDocumentString<ApplyMutation, ApplyMutationVariables>;
export const MoveToStageDocument = new TypedDocumentString(`
    mutation MoveToStage($input: MoveApplicationToStageInput!) {
  moveApplicationToStage(input: $input) {
    action {
      id
      state
    }
    application {
      id
      currentStage {
        id
        name
      }
    }
    warnings {
      field
      message
    }
    userErrors {
      ...Failure
    }
  }
}
    fragment Failure on UserError {
  code
  field
  message
  retryable
  vendorMessage
}`) as unknown as TypedDocumentString<MoveToStageMutation, MoveToStageMutationVariables>;
export const AddNoteDocument = new TypedDocumentString(`
    mutation AddNote($input: AddNoteToApplicationInput!) {
  addNoteToApplication(input: $input) {
    action {
      id
      state
    }
    warnings {
      field
      message
    }
    userErrors {
      ...Failure
    }
  }
}
    fragment Failure on UserError {
  code
  field
  message
  retryable
  vendorMessage
}`) as unknown as TypedDocumentString<AddNoteMutation, AddNoteMutationVariables>;
export const WriteStateDocument = new TypedDocumentString(`
    query WriteState($id: ID!) {
  action(id: $id) {
    state
    application {
      id
    }
    userErrors {
      ...Failure
    }
  }
}
    fragment Failure on UserError {
  code
  field
  message
  retryable
  vendorMessage
}`) as unknown as TypedDocumentString<WriteStateQuery, WriteStateQueryVariables>;
export const FeedEndDocument = new TypedDocumentString(`
    query FeedEnd {
  changes(first: 0) {
    pageInfo {
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<FeedEndQuery, FeedEndQueryVariables>;
export const ApplicationChangesDocument = new TypedDocumentString(`
    subscription ApplicationChanges($after: String!) {
  changes(types: [APPLICATION], after: $after) {
    cursor
    kind
    recordId
    changedFields
    record {
      __typename
      ... on Application {
        outcome
        currentStage {
          id
          name
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ApplicationChangesSubscription, ApplicationChangesSubscriptionVariables>;