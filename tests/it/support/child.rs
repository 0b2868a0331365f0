//! The built program as a process of its own.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

/// So long anything may take here before the test fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The program with these arguments and settings, and nothing of this process' own settings.
pub fn hiregraph(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiregraph"));
    command.args(arguments).env_clear().envs(settings.iter().copied()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Ran {
    let ended = tokio::time::timeout(PATIENCE, hiregraph(arguments, settings).output()).await.unwrap();
    Ran::of(ended.unwrap())
}

pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it printed. Fails the test when it failed.
    pub fn printed(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Its last words. Fails the test when it did not fail, or printed anything else.
    pub fn refused(self) -> String {
        assert_ne!(self.code, Some(0), "{}", self.stdout);
        assert_eq!(self.stdout, "", "{}", self.stderr);
        self.stderr
    }
}

/// One that serves.
pub struct Serving {
    child: Child,
    pub address: SocketAddr,
    stdout: Lines<BufReader<ChildStdout>>,
    log: UnboundedReceiver<String>,
    /// What of it was waited for already.
    logged: Vec<String>,
    _reading: JoinSet<()>,
}

impl Serving {
    /// Starts it, and waits for the address in the first line that it prints.
    pub async fn start(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = hiregraph(arguments, settings);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, stdout.next_line()).await.unwrap().unwrap();
        let Some(line) = line else {
            let mut said = String::new();
            while let Some(line) = stderr.next_line().await.unwrap() {
                said += &line;
            }
            panic!("it ended: {said}");
        };
        let (_, address) = line.split_once("http://").unwrap_or_else(|| panic!("no address in {line}"));
        // Read all the time: a full pipe would hold the process up.
        let (send, log) = unbounded_channel();
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                // An error would mean that nobody waits for a line any more.
                let _ = send.send(line);
            }
        });
        Self { child, address: address.trim().parse().unwrap(), stdout, log, logged: Vec::new(), _reading: reading }
    }

    /// Waits until its log says so.
    pub async fn logged(&mut self, text: &str) {
        self.logs(text, |line| line.contains(text)).await;
    }

    /// Waits for such a line in its log; `what` says which.
    pub async fn logs(&mut self, what: &str, is_it: impl Fn(&str) -> bool) {
        let looking = async {
            while let Some(line) = self.log.recv().await {
                let found = is_it(&line);
                self.logged.push(line);
                if found {
                    return true;
                }
            }
            false
        };
        let found = tokio::time::timeout(PATIENCE, looking).await.unwrap_or(false);
        assert!(found, "it did not log {what}:\n{}", self.logged.join("\n"));
    }

    /// SIGKILL.
    pub async fn killed(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, or another signal; its exit code and what else it printed.
    pub async fn told(self, signal: &str) -> (Option<i32>, String) {
        let (code, printed, _) = self.ended(signal).await;
        (code, printed)
    }

    /// The same, with every line of its log.
    pub async fn ended(mut self, signal: &str) -> (Option<i32>, String, Vec<String>) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().await.unwrap();
        assert!(sent.success());
        let draining = async {
            let mut lines = Vec::new();
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                lines.push(line);
            }
            lines.join("\n")
        };
        let all = async { tokio::join!(self.child.wait(), draining) };
        let (status, printed) = tokio::time::timeout(PATIENCE, all).await.unwrap();
        while let Some(line) = self.log.recv().await {
            self.logged.push(line);
        }
        (status.unwrap().code(), printed, self.logged)
    }

    /// A query's whole answer, errors and all.
    pub async fn ask(&self, key: &str, query: &str, variables: Value) -> Value {
        post(self.address, key, &json!({ "query": query, "variables": variables })).await
    }

    /// What a webhook of a vendor is answered, by its status line.
    pub async fn call(&self, path: &str, body: &str) -> String {
        let answer = send(self.address, path, "", body).await.unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    /// A query's data. Fails the test when the answer has errors.
    pub async fn query(&self, key: &str, query: &str, variables: Value) -> Value {
        let mut answer = post(self.address, key, &json!({ "query": query, "variables": variables })).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }
}

async fn post(address: SocketAddr, key: &str, body: &Value) -> Value {
    let answer = exchange(address, key, body).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {answer}"))
}

/// A query whose answer does not come, because the process is killed meanwhile.
pub async fn ask_in_vain(address: SocketAddr, key: String, body: Value) {
    let _ = exchange(address, &key, &body).await;
}

/// Head and body of what a path answers.
pub async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Head and body of what the graph answers.
pub async fn exchange(address: SocketAddr, key: &str, body: &Value) -> std::io::Result<String> {
    send(address, "/graphql", &format!("authorization: Bearer {key}\r\n"), &body.to_string()).await
}

async fn send(address: SocketAddr, path: &str, headers: &str, body: &str) -> std::io::Result<String> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\n{headers}content-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
