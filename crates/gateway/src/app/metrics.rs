//! Counters of what was done. Labels are words of the program, never of a person.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Labels = [(&'static str, &'static str); 1];

/// What a job can be.
const JOB_STATES: [&str; 3] = ["open", "done", "failed"];

/// The counters of a gateway.
pub struct Metrics {
    registry: Registry,
    jobs_done: Family<Labels, Counter>,
    jobs: Family<[(&'static str, String); 1], Gauge>,
    links: Family<Labels, Counter>,
    blocks: Counter,
    exchanges: Family<[(&'static str, &'static str); 2], Counter>,
    refusals: Family<[(&'static str, &'static str); 2], Counter>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("zhengtong_gateway");
        let exchanges = Family::default();
        registry.register(
            "exchanges",
            "Exchanges by direction and result",
            Family::clone(&exchanges),
        );
        let refusals = Family::default();
        registry.register(
            "access_refusals",
            "Requests of officers and residents that the policies refused, by action and result",
            Family::clone(&refusals),
        );
        let (jobs_done, jobs, links, blocks) = (
            Family::default(),
            Family::default(),
            Family::default(),
            Counter::default(),
        );
        registry.register("job_runs", "Runs of jobs by result", Family::clone(&jobs_done));
        registry.register("jobs", "Jobs by state", Family::clone(&jobs));
        registry.register("links", "Links by result", Family::clone(&links));
        registry.register("blocks", "Blocks applied", Counter::clone(&blocks));
        Self {
            registry,
            jobs_done,
            jobs,
            links,
            blocks,
            exchanges,
            refusals,
        }
    }

    pub(crate) fn job(&self, result: &'static str) {
        self.jobs_done.get_or_create(&[("result", result)]).inc();
    }

    pub(crate) fn link(&self, result: &'static str) {
        self.links.get_or_create(&[("result", result)]).inc();
    }

    pub(crate) fn exchange(&self, direction: &'static str, result: &'static str) {
        let labels = [("direction", direction), ("result", result)];
        self.exchanges.get_or_create(&labels).inc();
    }

    pub(crate) fn refusal(&self, action: &'static str, result: &'static str) {
        let labels = [("action", action), ("result", result)];
        self.refusals.get_or_create(&labels).inc();
    }

    pub(crate) fn block(&self) {
        self.blocks.inc();
    }

    pub(crate) fn text(&self, jobs: &[(String, i64)]) -> String {
        // A state that no job is in any more is not among them.
        for state in JOB_STATES {
            self.jobs.get_or_create(&[("state", state.to_owned())]).set(0);
        }
        for (state, count) in jobs {
            self.jobs.get_or_create(&[("state", state.clone())]).set(*count);
        }
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
