//! Every parser that eats foreign bytes, through its door: whatever comes in, nothing panics, and every refusal says what is
//! wrong. Each target replays its corpus and then tries as many inputs of its own as a test run has time for; a seed that
//! fails is printed, and goes into the corpus. For hours and by coverage:
//!
//! ```sh
//! cargo install cargo-bolero
//! RUSTC_BOOTSTRAP=1 cargo bolero test --sanitizer NONE fuzz::ids
//! ```

mod answers;
mod door;

use std::panic::AssertUnwindSafe;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::support::vendors::Size;
use crate::support::{Backend, TestApp};

const SMALL: Size = Size { candidates: 6, jobs: 2 };

/// The service, for a target that is no async function.
struct Room {
    runtime: Runtime,
    app: TestApp,
}

impl Room {
    fn new() -> AssertUnwindSafe<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let app = runtime.block_on(TestApp::start_with(Backend::Sqlite, SMALL));
        AssertUnwindSafe(Self { runtime, app })
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// An answer of the graph that is one: data, or errors that each say what is wrong, and none that surprised us.
fn check(answer: &Value) {
    assert!(answer.get("data").is_some() || answer.get("errors").is_some(), "{answer:#}");
    for error in answer["errors"].as_array().into_iter().flatten() {
        let code = error.pointer("/extensions/code").and_then(Value::as_str);
        assert!(code.is_some_and(|code| code != "INTERNAL"), "{answer:#}");
    }
}
