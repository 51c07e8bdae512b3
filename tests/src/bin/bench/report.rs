//! The tables, as Markdown that reads well in a terminal too.

use std::time::Duration;

use crate::cases::Aim;
use crate::load::Outcome;
use crate::measure::{Cell, Measured, Row};
use crate::options::Options;
use crate::systems::System;

/// Bytes of memory that a gateway and a node may take at rest.
const MEMORY_AIM: u64 = 25 << 20;
const START_AIM: Duration = Duration::from_millis(100);

pub(crate) fn report(starts: &[Duration], systems: &[System], rows: &[Row], options: &Options) -> String {
    let heading = format!(
        "{} connections, {} cores shared with the load generator, {} rounds in turns.",
        options.connections,
        std::thread::available_parallelism().map_or(1, usize::from),
        options.rounds()
    );
    [heading, requests(systems, rows), memory(systems), first_answer(starts), aims(starts, systems, rows)].join("\n\n")
}

/// Lines of cells, each column as wide as its widest.
pub(crate) fn table(head: &[&str], lines: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            // Words stand left, numbers right.
            if column < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths
        .iter()
        .enumerate()
        .map(|(column, &width)| if column < 2 { "-".repeat(width + 2) } else { format!("{}:", "-".repeat(width + 1)) });
    let mut text = vec![line(head.to_vec()), format!("|{}|", rule.collect::<Vec<_>>().join("|"))];
    text.extend(lines.iter().map(|cells| line(cells.iter().map(String::as_str).collect())));
    text.join("\n")
}

fn requests(systems: &[System], rows: &[Row]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        for (system, cell) in systems.iter().zip(&row.cells) {
            let mut line = vec![row.case.name.to_owned(), system.name.to_owned()];
            match cell {
                Cell::Missing(why) => {
                    line[1] = format!("{}: {why}", system.name);
                    line.extend(["-"; 6].map(str::to_owned));
                }
                Cell::Measured(measured) => line.extend(numbers(measured)),
            }
            lines.push(line);
        }
    }
    table(&["row", "system", "requests/s", "p50 ms", "p99 ms", "CPU s/1,000", "answer bytes", "failed"], &lines)
}

fn numbers(measured: &Measured) -> [String; 6] {
    let Measured { outcome, answer_bytes, .. } = measured;
    let failed = match &outcome.error {
        Some(error) => format!("{} ({error})", outcome.failures),
        None => outcome.failures.to_string(),
    };
    [
        format!("{:.0}", rate(outcome)),
        format!("{:.2}", percentile(outcome, 0.50)),
        format!("{:.2}", percentile(outcome, 0.99)),
        format!("{:.3}", cpu_ms(measured)),
        answer_bytes.to_string(),
        failed,
    ]
}

#[allow(clippy::cast_precision_loss)]
fn rate(outcome: &Outcome) -> f64 {
    outcome.answered() as f64 / outcome.took.as_secs_f64().max(f64::EPSILON)
}

/// Milliseconds of CPU for a request, which are seconds for a thousand.
#[allow(clippy::cast_precision_loss)]
fn cpu_ms(measured: &Measured) -> f64 {
    milliseconds(measured.cpu) / measured.outcome.answered().max(1) as f64
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn percentile(outcome: &Outcome, part: f64) -> f64 {
    let mut latencies = outcome.latencies.clone();
    latencies.sort();
    let place = (latencies.len() as f64 * part) as usize;
    latencies.get(place.min(latencies.len().saturating_sub(1))).map_or(f64::NAN, |latency| milliseconds(*latency))
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[allow(clippy::cast_precision_loss)]
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

fn memory(systems: &[System]) -> String {
    let mut lines = Vec::new();
    for system in systems {
        for (process, now) in system.memory() {
            let at_rest = system.at_rest.iter().find(|(name, _)| *name == process).map(|(_, bytes)| mib(*bytes));
            let at_rest = at_rest.unwrap_or_else(|| "-".to_owned());
            lines.push(vec![system.name.to_owned(), process, at_rest, mib(now)]);
        }
    }
    table(&["system", "process", "MiB at rest", "MiB after the run"], &lines)
}

fn first_answer(starts: &[Duration]) -> String {
    let shown: Vec<_> = starts.iter().map(|start| format!("{:.0}", milliseconds(*start))).collect();
    format!("First answer after the start of the process, its region's node included: {} ms.", shown.join(", "))
}

fn aims(starts: &[Duration], systems: &[System], rows: &[Row]) -> String {
    let mut lines = Vec::new();
    let mut aim = |what: String, aim: String, is: String, met: bool| {
        lines.push(vec![what, if met { "met" } else { "missed" }.to_owned(), aim, is]);
    };
    for row in rows {
        let Some(Cell::Measured(own)) = row.cells.first() else { continue };
        let ceiling = systems.iter().position(|system| system.name == "ceiling").and_then(|place| row.cells.get(place));
        match (row.case.aim, ceiling) {
            (Some(Aim::Cpu(most)), _) => {
                let is = cpu_ms(own);
                aim(row.case.name.to_owned(), format!("CPU < {most} ms"), format!("{is:.1} ms"), is < most);
            }
            (Some(Aim::OfCeiling(part)), Some(Cell::Measured(ceiling))) => {
                let is = rate(&own.outcome) / rate(&ceiling.outcome);
                let by_cpu = cpu_ms(ceiling) / cpu_ms(own);
                let least = format!("{:.0} % of the ceiling", part * 100.0);
                let shown = format!("{:.0} %, by CPU {:.0} %", is * 100.0, by_cpu * 100.0);
                aim(row.case.name.to_owned(), least, shown, is >= part);
            }
            _ => {}
        }
    }
    for (process, bytes) in systems.iter().filter(|system| system.name == "archipelago").flat_map(|s| &s.at_rest) {
        let most = format!("< {} MiB", mib(MEMORY_AIM));
        aim(format!("memory at rest of {process}"), most, format!("{} MiB", mib(*bytes)), *bytes < MEMORY_AIM);
    }
    if let Some(median) = starts.get(starts.len() / 2) {
        let least = format!("< {:.0} ms", milliseconds(START_AIM));
        aim("first answer".to_owned(), least, format!("{:.0} ms", milliseconds(*median)), *median < START_AIM);
    }
    table(&["aim", "", "asked", "is"], &lines)
}
