//! The processes under measurement, as /proc shows them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Result;

/// Linux counts the CPU time of processes in hundredths of a second, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

/// A server that dies with this value, and its children with it.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(program: &Path, arguments: &[String]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Self(child))
    }

    /// The server's process and its children.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let own = self.0.id();
        let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut processes: Vec<_> = ids.filter_map(Process::read).collect();
        processes.retain(|process| process.id == own || process.parent == own);
        processes.sort_by_key(|process| process.id);
        processes
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Process {
    id: u32,
    parent: u32,
    /// User and system.
    pub(crate) cpu: Duration,
}

impl Process {
    /// None where it has ended meanwhile.
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in parentheses may contain anything.
        let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let field = |number: usize| fields.get(number - 3)?.parse().ok();
        Some(Self { id, parent: field(4)?, cpu: TICK * (field(14)? + field(15)?) })
    }

    /// Bytes of memory in use.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// The region of a node; `gateway` and the like for others.
    pub(crate) fn role(&self) -> String {
        let line = fs::read(format!("/proc/{}/cmdline", self.id)).unwrap_or_default();
        let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let after = |option: &str| words.iter().skip_while(|word| *word != option).nth(1);
        let named = words.iter().find(|word| word.starts_with("ceiling-"));
        match after("--region").or(named) {
            Some(role) => role.to_string(),
            None if words.iter().any(|word| word == "up") => "gateway".to_owned(),
            None => "server".to_owned(),
        }
    }
}

/// An address of this machine that nobody listens at.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
