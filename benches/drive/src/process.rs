//! Child processes: started, asked for their address and memory, ended with their handle. Waits for them by
//! blocking: nothing else is to run meanwhile, and tokio's own processes are a feature that the service does not
//! use, so that it would be built once more for its measurement.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Instant;

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
    pub fn start<A: AsRef<OsStr>>(binary: &Path, args: &[A], settings: &[(&str, &str)]) -> Outcome<Self> {
        Self::start_logging(binary, args, settings, Stdio::inherit())
    }

    /// As `start`, and what it logs goes to a file.
    pub fn start_logged<A: AsRef<OsStr>>(
        binary: &Path,
        args: &[A],
        settings: &[(&str, &str)],
        log: &Path,
    ) -> Outcome<Self> {
        Self::start_logging(binary, args, settings, File::create(log)?.into())
    }

    /// As `start`, with a place for what it logs.
    pub fn start_logging<A: AsRef<OsStr>>(
        binary: &Path,
        args: &[A],
        settings: &[(&str, &str)],
        log: Stdio,
    ) -> Outcome<Self> {
        let started = Instant::now();
        let mut command = Command::new(binary);
        command.args(args).envs(settings.iter().copied()).env_remove("HIREGRAPH_TEST_POSTGRES_URL");
        command.stdout(Stdio::piped()).stdin(Stdio::null()).stderr(log);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let stdout = child.stdout.take().ok_or("the process has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let Some(line) = lines.next().transpose()? else {
                return Err(format!("{} ended before it said its address", binary.display()).into());
            };
            if let Some((_, address)) = line.split_once("http://") {
                break address.trim().trim_end_matches('/').to_owned();
            }
        };
        Ok(Self { child, lines, address, started_in: started.elapsed() })
    }

    /// The next line of its standard output.
    pub fn line(&mut self) -> Outcome<Option<String>> {
        Ok(self.lines.next().transpose()?)
    }

    pub fn memory(&self) -> Outcome<Memory> {
        let id = self.child.id();
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
        let id = self.child.id();
        Ok(std::fs::write(format!("/proc/{id}/clear_refs"), "5")?)
    }

    /// Processor time so far, in seconds: a hundred ticks make one.
    pub fn processor(&self) -> Outcome<f64> {
        let id = self.child.id();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let rest = stat.rsplit_once(')').ok_or("an unknown form of /proc/…/stat")?.1;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| -> Outcome<f64> { Ok(fields.get(at).ok_or("a short line")?.parse()?) };
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// SIGKILL: it learns nothing of it.
    pub fn kill(mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Lets it do nothing until it is resumed, so that it takes no time from another.
    pub fn pause(&self) -> Outcome {
        self.signal("-STOP")
    }

    pub fn resume(&self) -> Outcome {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Outcome {
        Command::new("kill").arg(signal).arg(self.child.id().to_string()).status()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(self) -> Outcome {
        self.ended().map(drop)
    }

    /// As `stop`, and it has to end well.
    pub fn stop_well(self) -> Outcome {
        match self.ended()? {
            status if status.success() => Ok(()),
            status => Err(format!("a process that was asked to end: {status}").into()),
        }
    }

    fn ended(mut self) -> Outcome<ExitStatus> {
        self.signal("-TERM")?;
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end and answers with its standard output.
pub fn run(binary: &Path, args: &[&str], settings: &[(&str, &str)]) -> Outcome<String> {
    let mut command = Command::new(binary);
    command.args(args).envs(settings.iter().copied()).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("`{} {}` failed: {}", binary.display(), args.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
