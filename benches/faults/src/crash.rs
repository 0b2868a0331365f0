//! Processes are killed at random moments under the mixed load, and others start in their place.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use drive::Outcome;

use super::chance::Chance;
use super::checks::{self, Rows};
use super::load::{Ground, Load};
use super::receiver::Receiver;
use super::world::{Routes, World};
use super::{Backend, Settings};

/// Of deliveries, in percent, when it is time for a bad answer.
const BAD: u64 = 20;

pub async fn run(settings: &Settings, backend: Backend, folder: &Path) -> Outcome<Rows> {
    let receiver = Receiver::start(Chance::new(settings.seed, 1), BAD).await?;
    let routes = Routes { receiver: receiver.address.clone(), ..Routes::default() };
    let vendors = World::vendors(settings, folder)?;
    let mut world = World::new(settings, backend, folder, vendors, routes).await?;
    checks::make_endpoints(&world, &receiver.address).await?;
    let mut grounds = Vec::new();
    for at in 0..world.vendors.len() {
        grounds.push(Arc::new(Ground::prepare(&world, at).await?));
    }
    let mut load = Load::start(&world, &grounds, settings.seed);
    let mut chance = Chance::new(settings.seed, 2);
    let share = u32::try_from(settings.databases.len().max(1))?;
    let kills = settings.kills.div_ceil(share);
    let begun = Instant::now();
    let (mut killed, mut said) = (0, 0);
    while killed < kills {
        // Mostly shortly after each other, and sometimes with time to come to an end of something.
        let pause = if chance.percent(10) { chance.millis(800, 2500) } else { chance.millis(5, 400) };
        tokio::time::sleep(pause).await;
        let at = usize::try_from(chance.below(world.processes() as u64))?;
        if chance.percent(8) {
            world.kill_twice(at, chance.millis(1, 60)).await?;
            killed += 2;
        } else {
            world.kill(at)?;
            killed += 1;
        }
        load.failed()?;
        if killed / 50 > said {
            said = killed / 50;
            eprintln!("{killed} killed in {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    let attacked = begun.elapsed();
    let broken = world.broken.clone();
    let mut rows = vec![
        ("processes killed".to_owned(), killed.to_string()),
        ("time under attack".to_owned(), format!("{:.0} s", attacked.as_secs_f64())),
    ];
    rows.extend(checks::hold(&mut world, &grounds, load, &receiver).await?);
    // Whoever lives has nothing to excuse.
    let refused = super::client::counted(&world.refused);
    if !refused.is_empty() {
        return Err(format!("answers that there must not be, by code: {refused:?}").into());
    }
    rows.push(("questions asked again because no answer came".to_owned(), broken.load(Ordering::Relaxed).to_string()));
    Ok(rows)
}
