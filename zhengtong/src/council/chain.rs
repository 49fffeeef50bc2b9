//! The council's contract, through a node whose answers are those of the network named by its file.

use super::{
    calls::{Contracts, Names, of_genesis},
    elsewhere::{Elsewhere, ElsewhereArgs},
    errors::explain,
    key::MemberKey,
};
use crate::wallet::Openings;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, bail, ensure};
use std::{path::PathBuf, time::Duration};
use zhengtong_bindings::{addresses, council::Council, council_address, validators::Validators};
use zhengtong_client::{Account, Call, Client};
use zhengtong_node::{CouncilFile, NetworkFile};
use zhengtong_types::{NetworkKey, VerifiedReceipt};

/// How often the chain's clock is read while something waits for it.
const LOOK: Duration = Duration::from_millis(500);
/// How many reads a wait may take: two minutes, for what the chain does within seconds.
const MAX_LOOKS: u32 = 240;

#[derive(clap::Args)]
pub struct Network {
    /// JSON-RPC of any node of the network, or of several, separated by commas.
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    rpc: String,
    /// The network file: no other network is believed.
    #[arg(long, default_value = "network.json")]
    network: PathBuf,
}

/// Who signs.
#[derive(clap::Args)]
pub struct Signer {
    #[command(flatten)]
    network: Network,
    /// The key's file, as `zhengtong council key` makes it.
    #[arg(long, default_value = "member.key", conflicts_with = "sign_elsewhere")]
    key: PathBuf,
    #[command(flatten)]
    elsewhere: ElsewhereArgs,
}

/// The council of a network, to be read.
pub struct Chain {
    pub client: Client,
    pub council: Address,
    pub contracts: Contracts,
    /// Those of the network file and those of now: whoever was removed in between is known by the key alone.
    pub validators: Names,
}

/// The council of a network, and a key that acts there.
pub struct Acting {
    pub chain: Chain,
    by: By,
}

/// Where the key is.
enum By {
    Here(Account),
    Elsewhere(Elsewhere),
}

impl Network {
    pub async fn connect(&self) -> Result<Chain> {
        let file = NetworkFile::read(&self.network)?;
        ensure!(
            matches!(file.genesis.council, CouncilFile::Members(_)),
            "the council of {} is one key and has no members; `zhengtong network plan --member` makes a network whose \
             council has",
            file.name
        );
        let key = NetworkKey::new(*file.sharing()?.public());
        let client = Client::connect(&self.rpc, Some(key)).await?;
        let now = client
            .read(addresses().validators, &Validators::listCall {})
            .await?;
        let first = file.validators.iter().filter_map(|one| {
            let key = B256::try_from(one.key.as_ref()).ok()?;
            Some((key, one.name.clone()))
        });
        let now = now.into_iter().map(|one| (one.key, one.name));
        Ok(Chain {
            client,
            council: council_address(),
            contracts: of_genesis(),
            validators: first.chain(now).filter(|(_, name)| !name.is_empty()).collect(),
        })
    }
}

impl Signer {
    /// The key is read first: without it nothing is asked.
    pub async fn connect(&self) -> Result<Acting> {
        if let Some(elsewhere) = self.elsewhere.read()? {
            let by = By::Elsewhere(elsewhere);
            return Ok(Acting {
                chain: self.network.connect().await?,
                by,
            });
        }
        let key = MemberKey::read(&self.key)?;
        let chain = self.network.connect().await?;
        let by = By::Here(Account::new(chain.client.clone(), key.into_signer()));
        Ok(Acting { chain, by })
    }
}

impl Chain {
    pub async fn read<C: SolCall>(&self, call: C) -> Result<C::Return> {
        self.client.read(self.council, &call).await.map_err(explain)
    }

    /// Seconds of the latest block.
    pub async fn now_s(&self) -> Result<u64> {
        Ok(self.read(Council::clockCall {}).await?.to())
    }

    /// Waits until the chain's clock is there.
    pub async fn wait_until(&self, time_s: u64) -> Result<()> {
        for _ in 0..MAX_LOOKS {
            if self.now_s().await? >= time_s {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("the chain makes no new blocks; look at the nodes")
    }
}

impl Acting {
    pub const fn address(&self) -> Address {
        match &self.by {
            By::Here(account) => account.address(),
            By::Elsewhere(elsewhere) => elsewhere.address(),
        }
    }

    /// Fails early, and clearly, for who has no vote.
    pub async fn require_member(&self) -> Result<()> {
        let account = self.address();
        let members = self.chain.read(Council::membersCall {}).await?;
        if members.contains(&account) {
            return Ok(());
        }
        let own = members
            .iter()
            .map(Address::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        bail!(
            "{account} is not a member of the council; its members are {own}; their keys are files that `zhengtong council key` made"
        )
    }

    /// Sends, and waits until it is final and proven. What stands behind hashes in the call goes to whoever signs elsewhere.
    pub async fn execute(&self, call: impl SolCall, behind: Openings) -> Result<VerifiedReceipt> {
        let call = Call::new(self.chain.council, &call);
        match &self.by {
            By::Here(account) => account.execute(&call).await.map_err(explain),
            By::Elsewhere(elsewhere) => elsewhere.execute(&self.chain.client, &call, &behind).await,
        }
    }
}

/// A number of the contract's that fits.
pub fn small(number: U256, what: &str) -> Result<u64> {
    u64::try_from(number)
        .ok()
        .with_context(|| format!("{what} is {number}, which cannot be"))
}
