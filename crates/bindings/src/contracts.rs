//! One module a contract, made by `sol!` from the committed JSON. What each item means: `contracts/src/interfaces`.

macro_rules! contract {
    ($module:ident, $name:ident, $path:literal) => {
        #[doc = concat!("Calls, events, errors and structs of `", stringify!($name), "`.")]
        pub mod $module {
            alloy_sol_types::sol!(
                #[allow(clippy::too_many_arguments, reason = "as many as the contract has")]
                #[sol(all_derives)]
                $name,
                $path
            );
        }
    };
}

contract!(registry, Registry, "abi/Registry.json");
contract!(statutes, Statutes, "abi/Statutes.json");
contract!(rules, Rules, "abi/Rules.json");
contract!(services, Services, "abi/Services.json");
contract!(consents, Consents, "abi/Consents.json");
contract!(uses, Uses, "abi/Uses.json");
contract!(cases, Cases, "abi/Cases.json");
contract!(credentials, Credentials, "abi/Credentials.json");
contract!(accounts, Accounts, "abi/Accounts.json");
contract!(validators, Validators, "abi/Validators.json");
contract!(quotas, Quotas, "abi/Quotas.json");
contract!(allowances, Allowances, "abi/Allowances.json");
contract!(delegations, Delegations, "abi/Delegations.json");
contract!(poseidon, PoseidonT3, "abi/PoseidonT3.json");
contract!(
    membership_verifier,
    MembershipVerifier,
    "abi/MembershipVerifier.json"
);
contract!(people, People, "abi/People.json");
contract!(council, Council, "abi/Council.json");
