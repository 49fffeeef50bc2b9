//! Processes of the real binary, and what they print.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How long a process may take to print what a test waits for. Far above what it needs on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Ports that are below those that a system gives to connections and to whoever asks for any.
const PORTS: std::ops::Range<u32> = 10_000..32_000;
/// Ports of one test process, which has a number near those of the processes beside it.
const PORTS_OF_A_PROCESS: u32 = 22;

/// Free ports of this machine, which no test beside this one is given: what is free now may be used much later.
pub fn ports(count: usize) -> Vec<SocketAddr> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(PORTS_OF_A_PROCESS);
    let tries = (0..PORTS.len()).map(|_| {
        let next = first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + next % (PORTS.end - PORTS.start);
        SocketAddr::from((Ipv4Addr::LOCALHOST, port as u16))
    });
    let free = tries.filter(|address| TcpListener::bind(address).is_ok());
    let ports: Vec<_> = free.take(count).collect();
    assert_eq!(ports.len(), count, "no {count} ports are free");
    ports
}

fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhengtong"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command that must succeed, and answers what it printed.
pub fn zhengtong<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    let output = command(arguments).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a command that must fail, and answers what it said.
pub fn refused<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    let output = command(arguments).output().expect("it runs");
    assert!(!output.status.success(), "it succeeded");
    String::from_utf8(output.stderr).expect("text")
}

/// Runs a command that is told something, and answers whether it succeeded and what it printed and said.
pub fn fed<S: AsRef<OsStr>>(arguments: &[S], input: &str) -> (bool, String) {
    let mut command = command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("piped");
    // One that refuses may end before it has read this.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("text"))
}

/// A process that runs beside the test. Dropping it kills it.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
    /// What it printed so far.
    pub printed: Vec<String>,
}

impl Process {
    pub fn start<S: AsRef<OsStr>>(arguments: &[S]) -> Self {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        let reader = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            reader: Some(reader),
            printed: Vec::new(),
        }
    }

    /// Waits for a line that starts so.
    pub fn wait_for(&mut self, start: &str) -> String {
        self.wait_until(start, |line| line.starts_with(start))
    }

    /// Waits for a line that has this in it.
    pub fn wait_to_say(&mut self, words: &str) -> String {
        self.wait_until(words, |line| line.contains(words))
    }

    fn wait_until(&mut self, wanted: &str, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.printed.push(line.clone());
                    if is_it(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {wanted:?} in {PATIENCE:?} after {:?}", self.printed)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait();
                    panic!(
                        "it ended ({status:?}) without {wanted:?} after {:?}",
                        self.printed
                    )
                }
            }
        }
    }

    /// Waits until it ends by itself, which must be a success.
    pub fn finish(mut self) -> Vec<String> {
        let status = self.child.wait().expect("it ends");
        self.reader.take().map(JoinHandle::join);
        self.printed.extend(self.lines.try_iter());
        assert!(status.success(), "{status} after {:?}", self.printed);
        std::mem::take(&mut self.printed)
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM: it stops in order, which must be a success.
    pub fn terminate(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("it runs");
        assert!(sent.success());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status} after {:?}", self.printed);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
