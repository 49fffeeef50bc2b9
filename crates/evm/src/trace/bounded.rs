//! An inspector that stops the execution before what it records takes too much memory.

use alloy_primitives::{Address, Log, U256, map::HashMap, map::HashSet};
use revm::{
    Inspector,
    bytecode::opcode,
    context_interface::{ContextTr, context::ContextError},
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Gas, InstructionResult, Interpreter,
        InterpreterResult,
        interpreter_types::{InputsTr as _, Jumps as _, MemoryTr as _},
    },
};
use revm_inspectors::tracing::{StackSnapshotType, TracingInspectorConfig};

/// Most memory that what one request records may take, in bytes. Written as JSON it is about twice as much.
pub const MAX_TRACE_BYTES: usize = 64 * 1024 * 1024;

/// A recorded step without stack, memory and storage.
const STEP_BYTES: usize = 384;
/// A recorded call without its data. Putting calls into their parents takes time that grows with their square.
const CALL_BYTES: usize = 8 * 1024;
/// A recorded log without its data.
const LOG_BYTES: usize = 256;
/// A slot and its value in a map.
const SLOT_BYTES: usize = 128;
/// A word of a recorded stack.
const WORD_BYTES: usize = 32;

/// What one request may still record.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: MAX_TRACE_BYTES,
        }
    }
}

impl Budget {
    /// Takes from the budget; false if it does not suffice.
    #[must_use]
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// What an inspector keeps of each step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    pub stack: bool,
    pub memory: bool,
    pub return_data: bool,
    /// Whether each access to storage shows every slot of the contract that was accessed so far.
    pub storage: bool,
    /// How many steps are kept; the rest is executed only.
    pub limit: Option<usize>,
}

impl Steps {
    pub(super) fn of(config: &TracingInspectorConfig) -> Option<Self> {
        config.record_steps.then_some(Self {
            stack: config.record_stack_snapshots != StackSnapshotType::None,
            memory: config.record_memory_snapshots,
            return_data: config.record_returndata_snapshots,
            storage: config.record_state_diff,
            limit: None,
        })
    }
}

/// An inspector within a budget.
pub(super) struct Bounded<'a, I> {
    inner: I,
    budget: &'a mut Budget,
    steps: Option<Steps>,
    seen: usize,
    is_step_kept: bool,
    slots: HashMap<Address, HashSet<U256>>,
    is_exhausted: bool,
}

impl<'a, I> Bounded<'a, I> {
    pub(super) fn new(inner: I, budget: &'a mut Budget, steps: Option<Steps>) -> Self {
        Self {
            inner,
            budget,
            steps,
            seen: 0,
            is_step_kept: true,
            slots: HashMap::default(),
            is_exhausted: false,
        }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    pub(super) fn into_inner(self) -> I {
        self.inner
    }

    /// Takes from the budget; if it does not suffice, the whole execution ends with an error.
    fn charge<C: ContextTr>(&mut self, context: &mut C, bytes: usize) -> bool {
        if !self.is_exhausted && self.budget.take(bytes) {
            return true;
        }
        self.is_exhausted = true;
        *context.error() = Err(ContextError::Custom("the trace is too large".into()));
        false
    }

    fn step_bytes(&mut self, interpreter: &Interpreter, steps: Steps) -> usize {
        let mut bytes = STEP_BYTES;
        if steps.stack {
            bytes += interpreter.stack.len() * WORD_BYTES;
        }
        if steps.memory {
            bytes += interpreter.memory.size();
        }
        if steps.return_data {
            bytes += interpreter.return_data.0.len();
        }
        let is_access = matches!(interpreter.bytecode.opcode(), opcode::SLOAD | opcode::SSTORE);
        if steps.storage
            && is_access
            && let Ok(slot) = interpreter.stack.peek(0)
        {
            let slots = self.slots.entry(interpreter.input.target_address()).or_default();
            slots.insert(slot);
            bytes += slots.len() * SLOT_BYTES;
        }
        bytes
    }
}

/// What ends a call that is not to be recorded; the error of the context ends the rest.
fn stopped() -> InterpreterResult {
    InterpreterResult::new(
        InstructionResult::FatalExternalError,
        Default::default(),
        Gas::new(0),
    )
}

impl<C: ContextTr, I: Inspector<C>> Inspector<C> for Bounded<'_, I> {
    fn initialize_interp(&mut self, interpreter: &mut Interpreter, context: &mut C) {
        self.inner.initialize_interp(interpreter, context);
    }

    fn step(&mut self, interpreter: &mut Interpreter, context: &mut C) {
        let Some(steps) = self.steps else {
            return self.inner.step(interpreter, context);
        };
        self.is_step_kept = steps.limit.is_none_or(|limit| self.seen < limit);
        if !self.is_step_kept {
            return;
        }
        self.seen += 1;
        let bytes = self.step_bytes(interpreter, steps);
        if self.charge(context, bytes) {
            self.inner.step(interpreter, context);
        } else {
            self.is_step_kept = false;
            interpreter.halt_fatal();
        }
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, context: &mut C) {
        if self.is_step_kept {
            self.inner.step_end(interpreter, context);
        }
    }

    fn log(&mut self, context: &mut C, log: Log) {
        if self.charge(context, LOG_BYTES + log.data.data.len()) {
            self.inner.log(context, log);
        }
    }

    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        // Recorded even if it does not fit: a call that ends has to have begun.
        let fits = self.charge(context, CALL_BYTES + inputs.input.len());
        let outcome = self.inner.call(context, inputs);
        if fits {
            return outcome;
        }
        Some(CallOutcome::new(stopped(), inputs.return_memory_offset.clone()))
    }

    fn call_end(&mut self, context: &mut C, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.charge(context, outcome.result.output.len());
        self.inner.call_end(context, inputs, outcome);
    }

    fn create(&mut self, context: &mut C, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let fits = self.charge(context, CALL_BYTES + inputs.init_code().len());
        let outcome = self.inner.create(context, inputs);
        if fits {
            return outcome;
        }
        Some(CreateOutcome::new(stopped(), None))
    }

    fn create_end(&mut self, context: &mut C, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.charge(context, outcome.result.output.len());
        self.inner.create_end(context, inputs, outcome);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.inner.selfdestruct(contract, target, value);
    }
}
