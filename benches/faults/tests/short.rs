//! A short form of every part of the campaign, for every day: the whole program against the binary that was built with
//! it.

use std::path::Path;
use std::process::Command;

#[test]
fn nothing_is_lost_to_killed_processes_and_bad_networks() {
    let program = Path::new(env!("CARGO_BIN_EXE_faults"));
    let service = program.with_file_name("hiregraph");
    assert!(service.exists(), "{} was not built: run this by `cargo test --workspace`", service.display());
    let has_postgres = std::env::vars_os().any(|(name, _)| name == "HIREGRAPH_TEST_POSTGRES_URL");
    let databases = if has_postgres { "sqlite,postgres" } else { "sqlite" };
    let mut command = Command::new(program);
    command.arg("--binary").arg(service).args(["--kills", "16", "--seconds", "8", "--databases", databases]);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}", said.join("\n"));
}
