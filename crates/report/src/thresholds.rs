//! How much data a statement needs. Below these numbers a report shows the figures and states nothing.

use crate::data::StatementLimits;

pub(crate) const LIMITS: StatementLimits = StatementLimits {
    statement_events: 20,
    // Fewer than this on either side are too few to state an overlap; the JSON has it.
    overlap_events: 50,
    test_events: 20,
    // With effort at fewer locations than this in a period no verdict can be right: permutations are too few.
    test_locations: 6,
    // A species at fewer locations than this may be one animal at its den.
    test_occupied: 3,
};
