//! One row on every system, in turns, so that what else happens on the machine meets them alike.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::Result;
use crate::cases::Case;
use crate::load::{self, Outcome};
use crate::options::Options;
use crate::systems::System;
use crate::template::{Query, fill};

/// Requests before the first round.
const WARM_UP: usize = 50;

/// A row of the table.
pub(crate) struct Row {
    pub(crate) case: &'static Case,
    /// In the order of the systems.
    pub(crate) cells: Vec<Cell>,
}

pub(crate) enum Cell {
    /// Why there is nothing to measure.
    Missing(String),
    Measured(Measured),
}

pub(crate) struct Measured {
    pub(crate) outcome: Outcome,
    /// Of all the system's processes, during the rounds.
    pub(crate) cpu: Duration,
    pub(crate) answer_bytes: usize,
}

pub(crate) async fn measure(case: &'static Case, systems: &mut [System], options: &Options) -> Result<Row> {
    eprintln!("{}", case.name);
    let mut cells: Vec<Cell> = Vec::new();
    for system in &*systems {
        // The ceiling is told to answer what Archipelago answered.
        let bytes = match cells.first() {
            Some(Cell::Measured(first)) if system.world.is_none() => first.answer_bytes,
            _ => 0,
        };
        cells.push(prepare(case, system, bytes, options).await?);
    }
    for round in 0..options.rounds() {
        for (place, system) in systems.iter().enumerate() {
            let world = system.world.as_ref().or(systems[0].world.as_ref());
            let Cell::Measured(measured) = &mut cells[place] else { continue };
            let number = system.share(case.requests);
            let first = WARM_UP + round * number;
            let queries = (first..first + number).filter_map(|number| fill(case.query, world?, number));
            let requests = signed(case, system, queries, measured.answer_bytes);
            let before = system.cpu();
            let outcome = load::run(system.address, &requests, options.connections, options.longest()).await?;
            measured.cpu += system.cpu().saturating_sub(before);
            measured.outcome.add(outcome);
        }
    }
    Ok(Row { case, cells })
}

/// Asks once, to see what comes back, and then warms up.
async fn prepare(case: &Case, system: &System, bytes: usize, options: &Options) -> Result<Cell> {
    let Some(world) = &system.world else {
        let missing = || Cell::Missing("nothing to compare with".to_owned());
        let measured = Measured { outcome: Outcome::default(), cpu: Duration::ZERO, answer_bytes: bytes };
        return Ok(if bytes == 0 { missing() } else { Cell::Measured(measured) });
    };
    let Some(query) = fill(case.query, world, 0) else {
        return Ok(Cell::Missing("what it needs could not be made".to_owned()));
    };
    let answer = system.ask(case.region, &query).await?;
    if answer.status != 200 {
        return Ok(Cell::Missing(answer.error()));
    }
    let warm_up = WARM_UP.min(system.share(case.requests) / 10);
    let queries = (1..=warm_up).filter_map(|number| fill(case.query, world, number));
    let requests = signed(case, system, queries, 0);
    load::run(system.address, &requests, options.connections, options.longest()).await?;
    let answer_bytes = answer.body.len();
    Ok(Cell::Measured(Measured { outcome: Outcome::default(), cpu: Duration::ZERO, answer_bytes }))
}

fn signed(case: &Case, system: &System, queries: impl Iterator<Item = Query>, answer_bytes: usize) -> Arc<[Bytes]> {
    let signer = system.signer(case.region);
    queries.map(|query| signer.request(&query, answer_bytes)).collect()
}
