//! Every way in which one job can go, within small bounds: a client that deletes, two workers,
//! the clock, the sweep of the folder of files, and a crash or a lost answer at each step.
//!
//! The store is the protocol that every real store is compared with
//! (`jobs::contract::the_store_follows_the_protocol`); around it are the steps of the program's
//! workers and of its sweep. The checker (`stateright`) goes through all orders of all steps.

mod action;
mod worker;
mod world;

use stateright::{Checker, HasDiscoveries, Model, Property};

use action::{Action, Budget};
use jobs::contract::Life;
use world::World;

/// What is explored.
#[derive(Clone, Debug)]
struct Program {
    budgets: Vec<Budget>,
    /// Off, to see that the checker finds what fencing is for.
    fenced: bool,
    /// Off, to see that the checker finds what the sweep is for.
    sweeps: bool,
}

impl Model for Program {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        self.budgets.iter().map(|budget| World::new(*budget)).collect()
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.actions(self.sweeps, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        world.apply(action, self.fenced)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a completed job has its file", |_, world: &World| match world.life {
                Life::Completed(attempt) => world.is_visible(attempt),
                _ => true,
            }),
            Property::always("final states stay", |_, world: &World| {
                world.ended.is_none_or(|ended| world.life == ended || world.life == Life::Gone)
            }),
            Property::always("a deleted job never returns", |_, world: &World| {
                !world.deleted || world.life == Life::Gone
            }),
            Property::always("at most one file can be had", |_, world: &World| world.downloadable() <= 1),
            // Budgets end every path, so what holds where nothing more can happen holds in the end.
            Property::always("every job ends or is gone", |program: &Self, world: &World| {
                !program.is_over(world) || world.life.is_final()
            }),
            Property::always("no file is left over", |program: &Self, world: &World| {
                !program.is_over(world) || world.has_only_what_is_wanted()
            }),
            // The bounds are wide enough for what they are about.
            Property::sometimes("a job is completed at its third attempt", |_, world: &World| {
                world.life == Life::Completed(3)
            }),
            Property::sometimes("a job is given up", |_, world: &World| {
                matches!(world.life, Life::Failed(3))
            }),
            Property::sometimes("two workers write at once", |_, world: &World| world.files.len() > 1),
        ]
    }
}

impl Program {
    fn new(budgets: Vec<Budget>) -> Self {
        Self { budgets, fenced: true, sweeps: true }
    }

    fn is_over(&self, world: &World) -> bool {
        let mut actions = Vec::new();
        self.actions(world, &mut actions);
        actions.is_empty()
    }

    /// The properties for which the checker found a counterexample.
    fn find_broken(self) -> Vec<&'static str> {
        let checker = self.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        eprintln!("{} states, depth {}", checker.unique_state_count(), checker.max_depth());
        let properties = checker.model().properties();
        let failures = properties.into_iter().filter(|property| property.expectation.discovery_is_failure());
        failures.map(|property| property.name).filter(|name| checker.discovery(name).is_some()).collect()
    }
}

#[test]
fn whatever_happens_a_job_ends_and_leaves_nothing() {
    let checker = Program::new(Budget::all()).checker().threads(2).spawn_bfs().join();
    eprintln!("{} states, depth {}", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
}

#[test]
fn without_fencing_the_checker_finds_a_completed_job_without_its_file() {
    let broken = Program { fenced: false, ..Program::new(Budget::all()) }.find_broken();
    assert!(!broken.is_empty());
}

#[test]
fn without_the_sweep_the_checker_finds_files_that_are_left_over() {
    let broken = Program { sweeps: false, ..Program::new(Budget::all()) }.find_broken();
    assert_eq!(broken, ["no file is left over"]);
}
