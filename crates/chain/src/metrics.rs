//! What a node tells its operator about the chain, in the runtime's registry.
//!
//! The `*_cpu_microseconds` say what each part costs: processor time of the thread that does it, without its waits. What
//! they leave of the process's whole is consensus, network, JSON-RPC and the runtime.

use commonware_runtime::{
    Metrics as Registry,
    telemetry::metrics::{Counter, Gauge, GaugeExt as _, MetricsExt as _},
};
use rustix::time::{ClockId, clock_gettime};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// The chain's metrics. Clones share everything.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Number of the latest block.
    pub height: Gauge,
    /// When it was made, in milliseconds since the Unix epoch.
    pub timestamp_ms: Gauge,
    /// Transactions in finalized blocks since the node started.
    pub included: Counter,
    /// Gas of those.
    pub gas: Counter,
    /// Transactions that were executed, in blocks that were built or checked; some are, more than once.
    pub executed: Counter,
    /// Transactions that came over JSON-RPC and were taken.
    pub submitted: Counter,
    /// Those that were refused.
    pub refused: Counter,
    /// Those that were refused because the account's or its class's quota of gas is used up.
    pub over_quota: Counter,
    /// Times that a transaction was left out of a block for its quota, and waits.
    pub left_out: Counter,
    /// Transactions in the pool.
    pub waiting: Gauge,
    pub cost: Costs,
}

/// Processor time of each part, in microseconds.
#[derive(Clone, Debug)]
pub struct Costs {
    /// Decoding transactions and recovering their senders.
    pub recovery: Counter,
    /// Reading what the sender of a submitted transaction may still use.
    pub quotas: Counter,
    /// Executing them, with reading the state.
    pub execution: Counter,
    /// The roots of receipts and transactions, and the header.
    pub hashing: Counter,
    /// Putting what changed into the state's tree.
    pub commitment: Counter,
    /// Encoding a block, its index and its receipts into the block store, and writing them.
    pub storage: Counter,
    /// Writing accepted transactions to the journal.
    pub journal: Counter,
}

impl Metrics {
    /// Registers everything under the context's name.
    pub fn new(context: &impl Registry) -> Self {
        let cost = |name: &str, what: &str| {
            context.counter(
                format!("{name}_cpu_microseconds"),
                format!("Processor time spent on {what}"),
            )
        };
        Self {
            height: context.gauge("height", "Number of the latest block"),
            timestamp_ms: context.gauge(
                "timestamp_milliseconds",
                "Time of the latest block since the Unix epoch",
            ),
            included: context.counter("transactions", "Transactions in finalized blocks"),
            gas: context.counter("gas", "Gas used in finalized blocks"),
            executed: context.counter("executed", "Transactions executed to build or check a block"),
            submitted: context.counter("submitted", "Transactions accepted from clients"),
            refused: context.counter("refused", "Transactions refused to clients"),
            over_quota: context.counter(
                "over_quota",
                "Transactions refused to clients because a quota of gas is used up",
            ),
            left_out: context.counter(
                "left_out",
                "Times a transaction was left out of a block because a quota of gas is used up",
            ),
            waiting: context.gauge("waiting", "Transactions in the pool"),
            cost: Costs {
                recovery: cost("recovery", "decoding transactions and recovering senders"),
                quotas: cost("quotas", "quotas of submitted transactions"),
                execution: cost("execution", "executing transactions"),
                hashing: cost("hashing", "roots of receipts and transactions"),
                commitment: cost("commitment", "the state's tree"),
                storage: cost("storage", "the block store"),
                journal: cost("journal", "the journal of accepted transactions"),
            },
        }
    }

    /// A block became the latest.
    pub fn published(&self, number: u64, timestamp_ms: u64, transactions: usize, gas: u64) {
        // A number above 2^63 is not reached.
        let _ = self.height.try_set(number);
        let _ = self.timestamp_ms.try_set(timestamp_ms);
        self.included.inc_by(transactions as u64);
        self.gas.inc_by(gas);
    }
}

/// Adds the processor time of a call to a counter.
pub fn charged<T>(counter: &Counter, call: impl FnOnce() -> T) -> T {
    let started = thread_cpu_us();
    let done = call();
    counter.inc_by(thread_cpu_us().saturating_sub(started));
    done
}

/// Adds the processor time of every poll of a future to a counter.
pub fn charged_async<F: Future>(counter: &Counter, future: F) -> impl Future<Output = F::Output> {
    Charged {
        counter: counter.clone(),
        future: Box::pin(future),
    }
}

struct Charged<F> {
    counter: Counter,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Charged<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let counter = self.counter.clone();
        charged(&counter, || self.future.as_mut().poll(context))
    }
}

/// What this thread has used of a processor. Only counted, never part of what a block becomes.
fn thread_cpu_us() -> u64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as u64 * 1_000_000 + used.tv_nsec as u64 / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use commonware_runtime::{Runner as _, Supervisor as _, deterministic};

    #[test]
    fn work_is_charged_and_waiting_is_not() {
        deterministic::Runner::default().start(async |context| {
            let metrics = Metrics::new(&context.child("chain"));
            let busy = charged(&metrics.cost.hashing, || {
                let mut digest = alloy_primitives::B256::ZERO;
                while metrics.cost.execution.get() == 0 {
                    charged(&metrics.cost.execution, || {
                        (0..1_000).for_each(|_| digest = alloy_primitives::keccak256(digest));
                    });
                }
                digest
            });
            assert!(!busy.is_zero());
            assert!(metrics.cost.hashing.get() >= metrics.cost.execution.get());
            charged_async(&metrics.cost.journal, async {
                std::thread::sleep(std::time::Duration::from_millis(50));
            })
            .await;
            assert!(metrics.cost.journal.get() < 50_000);
            metrics.published(7, 1_000, 2, 42_000);
            let text = context.encode();
            for line in [
                "chain_height 7",
                "chain_transactions_total 2",
                "chain_gas_total 42000",
            ] {
                assert!(text.lines().any(|found| found == line), "{line} in {text}");
            }
        });
    }
}
