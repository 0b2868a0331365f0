//! Requests for single records. One that TRAFFIT cannot serve must not hold up its neighbours (guide §5.9: some
//! requests answer 500 however often they are sent), and an outage must not look like many broken records.

use futures::{StreamExt, TryStreamExt, stream};

use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{AT_ONCE, Client};

/// Requests that may fail before it is an outage for sure.
const MOST_FAILURES: usize = 4;

pub enum Single<T> {
    Read(T),
    /// TRAFFIT has it no longer.
    Gone,
    /// No usable answer, while others had one.
    Broken(Error),
}

/// Asks for each of `keys`, in order. What gets no answer is asked for once more after `witness`, a list of the same
/// kind, has shown that TRAFFIT answers at all. When not one of several has a usable answer, that is an error.
pub async fn each<K, T, F>(
    client: Client<'_>,
    witness: &'static str,
    keys: Vec<K>,
    ask: impl Fn(K) -> F,
) -> Result<Vec<(K, Single<T>)>, Error>
where
    K: Clone,
    F: Future<Output = Result<T, Error>>,
{
    let one = async |key: K| sort(ask(key.clone()).await).map(|single| (key, single));
    let mut answers = stream::iter(keys).map(one).buffered(AT_ONCE);
    let mut asked = Vec::new();
    let mut failures = 0;
    while let Some((key, single)) = answers.try_next().await? {
        if let Single::Broken(error) = &single
            && error.kind == ErrorKind::Unavailable
        {
            failures += 1;
            if failures > MOST_FAILURES {
                return Err(error.clone());
            }
        }
        asked.push((key, single));
    }
    drop(answers);
    if failures > 0 {
        client.probe(witness).await?;
        for (key, single) in &mut asked {
            if matches!(single, Single::Broken(error) if error.kind == ErrorKind::Unavailable) {
                *single = sort(ask(key.clone()).await)?;
            }
        }
    }
    match asked.as_slice() {
        [(_, Single::Broken(error)), _, ..] if asked.iter().all(|(_, one)| matches!(one, Single::Broken(_))) => {
            Err(error.clone())
        }
        _ => Ok(asked),
    }
}

/// Refusals that mean every request are errors at once.
fn sort<T>(answer: Result<T, Error>) -> Result<Single<T>, Error> {
    match answer {
        Ok(read) => Ok(Single::Read(read)),
        Err(error) => match error.kind {
            ErrorKind::NotFound => Ok(Single::Gone),
            ErrorKind::Shape | ErrorKind::Unavailable => Ok(Single::Broken(error)),
            ErrorKind::Auth
            | ErrorKind::Permission
            | ErrorKind::Invalid
            | ErrorKind::RateLimited
            | ErrorKind::Unsupported => Err(error),
        },
    }
}
