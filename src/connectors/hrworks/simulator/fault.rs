//! What can be made to go wrong: the closed list of faults, how one is written on a command line, and the
//! counters that decide whether it strikes this time. It never looks at an account; who asks, applies.

use std::fmt;
use std::str::FromStr;

use super::seed::mix;

/// How the text after `=` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Number,
    MaybeNumber,
    Share,
    Word,
}

macro_rules! faults {
    ($($kind:ident $name:literal $takes:ident $what:literal;)+) => {
        /// The closed list of faults.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($kind),+ }
        /// Every fault by name, with what it takes and does.
        pub const ALL: &[(&str, &str)] = &[$(($name, $what)),+];
        const KINDS: &[(Kind, Takes)] = &[$((Kind::$kind, Takes::$takes)),+];
    };
}

faults! {
    TokenExpiresAfter "token-expires-after" Number "=N: a token is refused as expired after N requests with it";
    TokenStatus "token-status" Number "=S: refusals of a token have this status, 401 without it";
    OpaqueToken "opaque-token" Nothing ": tokens are no JWTs, so that their end cannot be read";
    BareRefusals "bare-refusals" Nothing ": refusals have no body";
    ErrorRate "error-rate" Share "=P: that share of requests answers 500 (seeded)";
    RateLimitEvery "rate-limit-every" Number "=N: every Nth request answers 429 with Retry-After";
    RetryAfterSeconds "retry-after-seconds" MaybeNumber "=S: the Retry-After of the 429s, 1 without it";
    DropConnectionEvery "drop-connection-every" Number "=N: every Nth request is closed without an answer, nothing done";
    LostAnswerEvery "lost-answer-every" Number "=N: every Nth write is carried out, then closed without an answer";
    SlowMs "slow-ms" Number "=N: every answer waits N milliseconds";
    EmptyList "empty-list" Nothing ": lists are empty";
    HalfOfRecords "half-of-records" Nothing ": lists hold only every second record";
    HiddenHalf "hidden-half" Nothing ": every second applicant, by its id, is in no list and does not exist on its own path";
    EarlyEnd "early-end" Nothing ": lists end after their first page";
    DuplicateRows "duplicate-rows" Nothing ": every page gives its first row twice";
    ShiftPages "shift-pages" MaybeNumber "[=N]: after page 1 of several of job applications its first is deleted; N times, 1 without it";
    ReversedLists "reversed-lists" Nothing ": lists come in the opposite order";
    NoEnvelope "no-envelope" Nothing ": lists answer their bare array";
    MissingRows "missing-rows" Nothing ": lists answer {} without their rows";
    EndlessNext "endless-next" Nothing ": the last page links to itself as the next";
    ForeignLink "foreign-link" Nothing ": links of lists lead to another host";
    TruncatedPage "truncated-page" Nothing ": JSON answers are cut in the middle";
    Html200 "html-200" Nothing ": 200 with an HTML error page, nothing done";
    NotJson "not-json" Nothing ": 200 and application/json, but the body is no JSON, nothing done";
    MissingField "missing-field" Word "=NAME: rows of lists and items lack that field";
    NullFields "null-fields" Nothing ": optional values that are empty are null instead of absent";
    GarbageRow "garbage-row" Word "=ID: that record is served with values of wrong types";
    LegacyFields "legacy-fields" Nothing ": everything is served under the names of version 1.24";
    EnglishLabels "english-labels" Nothing ": labels are English";
    UnknownId404 "unknown-id-404" Nothing ": a record that does not exist answers a bare 404";
    Deleted404 "deleted-404" Word "=ID: that record's own path says that it does not exist although lists have it";
    PendingPolls "pending-polls" MaybeNumber "=N: a write is pending for N polls, 2 without it";
    PendingEnvelope "pending-envelope" Nothing ": pending answers have a responseType and an empty apiResponse";
    JobNeverFinishes "job-never-finishes" Nothing ": writes stay pending";
    JobFails "job-fails" Nothing ": writes finish with generalErrors, nothing done";
    TerminalWord "terminal-word" Word "=WORD: finished writes have this status";
    NoResponseType "no-response-type" Nothing ": answers about writes lack responseType, as in 1.24";
    NoResultId "no-result-id" Nothing ": the result of a created job application lacks its id";
    RejectUnknownSource "reject-unknown-source" Nothing ": a source that is none of the post's options fails the record";
    DropUnknownSource "drop-unknown-source" Nothing ": a source that is none of the post's options is dropped with a warning";
    RevokedCredentials "revoked-credentials" Nothing ": the key pair is refused, tokens in use are invalid";
    ExpiredContract "expired-contract" Nothing ": everything answers InvalidCustomerNumberError";
    Forbid "forbid" Word "=CATEGORY: calls that need that category answer PermissionDeniedError, whatever the key may do";
}

/// One thing that goes wrong, written `name`, `name=value`, either with `@/path/prefix` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    value: Option<String>,
    path: Option<String>,
}

impl Fault {
    /// Every name with what it does, for `--help`.
    pub fn all() -> &'static [(&'static str, &'static str)] {
        ALL
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The part after `=`, as it was written.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    fn number(&self) -> Option<u64> {
        self.value.as_deref()?.parse().ok()
    }

    /// Without a path of its own a fault hits the vendor's data paths, never the authentication.
    fn covers(&self, path: &str) -> bool {
        match &self.path {
            Some(prefix) => path.starts_with(prefix.as_str()),
            None => {
                path != super::route::AUTHENTICATION
                    || matches!(self.kind, Kind::RevokedCredentials | Kind::ExpiredContract | Kind::OpaqueToken)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            KINDS.iter().position(|(kind, _)| *kind == self.kind).and_then(|at| ALL.get(at)).map(|known| known.0);
        f.write_str(name.unwrap_or_default())?;
        if let Some(value) = &self.value {
            write!(f, "={value}")?;
        }
        if let Some(path) = &self.path {
            write!(f, "@{path}")?;
        }
        Ok(())
    }
}

/// Why a fault could not be read; the text lists the known ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)?;
        f.write_str("; known faults:")?;
        ALL.iter().try_for_each(|(name, what)| write!(f, "\n  {name}{what}"))
    }
}

impl std::error::Error for FaultError {}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (text, path) = match text.trim().split_once('@') {
            Some((text, path)) if path.starts_with('/') => (text, Some(path.to_owned())),
            Some(_) => return Err(FaultError(format!("the path of fault {text:?} does not begin with /"))),
            None => (text.trim(), None),
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let known = ALL.iter().position(|(known, _)| *known == name).and_then(|at| KINDS.get(at));
        let Some(&(kind, takes)) = known else {
            return Err(FaultError(format!("unknown fault {name:?}")));
        };
        let number = |text: &str| text.parse::<u64>().is_ok_and(|n| n > 0 || takes == Takes::MaybeNumber);
        let fits = match (takes, value.as_deref()) {
            (Takes::Nothing | Takes::MaybeNumber, None) => true,
            (Takes::Number | Takes::MaybeNumber, Some(text)) => number(text),
            (Takes::Share, Some(text)) => text.parse::<f64>().is_ok_and(|share| (0.0..=1.0).contains(&share)),
            (Takes::Word, Some(text)) => !text.is_empty(),
            (Takes::Nothing, Some(_)) | (Takes::Number | Takes::Share | Takes::Word, None) => false,
        };
        if !fits {
            return Err(FaultError(format!("fault {text:?} has a value that does not fit")));
        }
        Ok(Self { kind, value, path })
    }
}

/// The active faults with how often each was asked.
pub(super) struct Faults {
    active: Vec<(Fault, u64)>,
    seed: u64,
}

impl Faults {
    pub(super) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self { active: faults.into_iter().map(|fault| (fault, 0)).collect(), seed }
    }

    pub(super) fn replace(&mut self, faults: Vec<Fault>) {
        *self = Self::new(faults, self.seed);
    }

    pub(super) fn written(&self) -> Vec<String> {
        self.active.iter().map(|(fault, _)| fault.to_string()).collect()
    }

    fn find(&self, kind: Kind, path: &str) -> Option<&Fault> {
        self.active.iter().map(|(fault, _)| fault).find(|fault| fault.kind == kind && fault.covers(path))
    }

    pub(super) fn on(&self, kind: Kind, path: &str) -> bool {
        self.find(kind, path).is_some()
    }

    /// The fault's number when it is on and has one.
    pub(super) fn number(&self, kind: Kind, path: &str) -> Option<u64> {
        self.find(kind, path).and_then(Fault::number)
    }

    pub(super) fn word(&self, kind: Kind, path: &str) -> Option<&str> {
        self.find(kind, path).and_then(Fault::value)
    }

    pub(super) fn words(&self, kind: Kind, path: &str) -> Vec<&str> {
        let hits = self.active.iter().map(|(fault, _)| fault).filter(|fault| fault.kind == kind && fault.covers(path));
        hits.filter_map(Fault::value).collect()
    }

    fn hit(&mut self, kind: Kind, path: &str) -> Option<(&Fault, u64)> {
        let (fault, hits) = self.active.iter_mut().find(|(fault, _)| fault.kind == kind && fault.covers(path))?;
        *hits += 1;
        Some((fault, *hits))
    }

    /// Counts this request; true on every Nth.
    pub(super) fn every(&mut self, kind: Kind, path: &str) -> bool {
        let hit = self.hit(kind, path);
        hit.is_some_and(|(fault, hits)| fault.number().is_some_and(|every| hits.is_multiple_of(every)))
    }

    /// Counts this request; true for the fault's share of them, the same ones for the same seed.
    pub(super) fn share(&mut self, kind: Kind, path: &str) -> bool {
        let seed = self.seed;
        let Some((fault, hits)) = self.hit(kind, path) else { return false };
        let share: f64 = fault.value().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        (mix(seed, hits, 77) >> 11) as f64 / ((1_u64 << 53) as f64) < share
    }

    /// Counts this request; true for the first N (1 without a number).
    pub(super) fn first(&mut self, kind: Kind, path: &str) -> bool {
        self.hit(kind, path).is_some_and(|(fault, hits)| hits <= fault.number().unwrap_or(1))
    }
}
