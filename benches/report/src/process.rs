//! Child processes: started, asked for their address and memory, ended with their handle.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::Outcome;

pub struct Process {
    child: Child,
    /// Kept open: a process that prints into a closed pipe ends.
    lines: Lines<BufReader<ChildStdout>>,
    pub address: String,
    pub started_in: std::time::Duration,
}

/// What a process holds in memory, in MB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub now: f64,
    pub peak: f64,
}

impl Process {
    /// Starts a server and waits for the line in which it says its address.
    pub async fn start<A: AsRef<OsStr>>(binary: &Path, args: &[A], settings: &[(&str, &str)]) -> Outcome<Self> {
        let started = Instant::now();
        let mut command = Command::new(binary);
        command.args(args).envs(settings.iter().copied()).env_remove("HIREGRAPH_TEST_POSTGRES_URL");
        command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let stdout = child.stdout.take().ok_or("the process has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, address)) = line.split_once("http://") {
                let address = address.trim().trim_end_matches('/').to_owned();
                return Ok(Self { child, lines, address, started_in: started.elapsed() });
            }
        }
        Err(format!("{} ended before it said its address", binary.display()).into())
    }

    /// The next line of its standard output.
    pub async fn line(&mut self) -> Outcome<Option<String>> {
        Ok(self.lines.next_line().await?)
    }

    pub fn memory(&self) -> Outcome<Memory> {
        let id = self.child.id().ok_or("the process has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let read = |name: &str| -> Outcome<f64> {
            let line = status.lines().find(|line| line.starts_with(name)).ok_or("the kernel says no memory")?;
            let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("an empty figure")?.parse()?;
            Ok(kilobytes / 1024.0)
        };
        Ok(Memory { now: read("VmRSS:")?, peak: read("VmHWM:")? })
    }

    /// Begins to look for the peak anew.
    pub fn forget_peak(&self) -> Outcome {
        let id = self.child.id().ok_or("the process has ended")?;
        Ok(std::fs::write(format!("/proc/{id}/clear_refs"), "5")?)
    }

    /// Processor time so far, in seconds: a hundred ticks make one.
    pub fn processor(&self) -> Outcome<f64> {
        let id = self.child.id().ok_or("the process has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let rest = stat.rsplit_once(')').ok_or("an unknown form of /proc/…/stat")?.1;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| -> Outcome<f64> { Ok(fields.get(at).ok_or("a short line")?.parse()?) };
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    pub async fn stop(mut self) -> Outcome {
        if let Some(id) = self.child.id() {
            Command::new("kill").arg("-TERM").arg(id.to_string()).status().await?;
        }
        self.child.wait().await?;
        Ok(())
    }
}

/// Runs a command to its end and answers with its standard output.
pub async fn run(binary: &Path, args: &[&str], settings: &[(&str, &str)]) -> Outcome<String> {
    let mut command = Command::new(binary);
    command.args(args).envs(settings.iter().copied()).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().await?;
    if !output.status.success() {
        return Err(format!("`{} {}` failed: {}", binary.display(), args.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
