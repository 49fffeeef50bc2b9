//! Execution without a block: calls, estimates and access lists.

use crate::{
    RpcError,
    calls::{Ready, Wanted, execute_error, halt_message},
    error::revert_message,
    server::Methods,
};
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::AccessListResult;
use zhengtong_chain::ChainView;
use zhengtong_evm::{CallOutcome, call, create_access_list};

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_call", |api, mut args| async move {
        let wanted = Wanted::read(&mut args)?;
        args.end()?;
        api.execute(move |view| {
            let Ready {
                request,
                context,
                overrides,
                state,
            } = wanted.prepare(view)?;
            match call(state, &context, &request, &overrides).map_err(execute_error)? {
                CallOutcome::Returned { output, .. } => Ok(output),
                CallOutcome::Reverted { output, .. } => Err(RpcError::Reverted(output)),
                CallOutcome::Halted { reason, .. } => Err(RpcError::Execution(halt_message(&reason))),
            }
        })
        .await
    });
    methods.add("eth_estimateGas", |api, mut args| async move {
        let wanted = Wanted::read(&mut args)?;
        args.end()?;
        api.execute(move |view| wanted.estimate(view).map(U64::from))
            .await
    });
    methods.add("eth_createAccessList", |api, mut args| async move {
        let wanted = Wanted::read(&mut args)?;
        args.end()?;
        api.execute(move |view| {
            let Ready {
                request,
                context,
                overrides,
                state,
            } = wanted.prepare(view)?;
            let (access_list, outcome) =
                create_access_list(state, &context, &request, &overrides).map_err(execute_error)?;
            let (gas_used, error) = match outcome {
                CallOutcome::Returned { gas_used, .. } => (gas_used, None),
                CallOutcome::Reverted { output, gas_used } => (gas_used, Some(revert_message(&output))),
                CallOutcome::Halted { reason, gas_used } => (gas_used, Some(halt_message(&reason))),
            };
            Ok(AccessListResult {
                access_list,
                gas_used: U256::from(gas_used),
                error,
            })
        })
        .await
    });
}
