//! The words for contracts, functions and fields.
//!
//! To add a function to a contract: its words go to [`FUNCTIONS`], new names of its arguments to [`FIELDS`]; a test holds
//! both against the ABIs.

/// A name in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    pub zh: &'static str,
    pub en: &'static str,
}

const fn of(zh: &'static str, en: &'static str) -> Label {
    Label { zh, en }
}

/// The words of this program's own lines.
///
/// # Panics
/// If there are none, which a test would find.
pub fn label(name: &str) -> Label {
    find(OWN, name).unwrap_or_else(|| panic!("no words for {name}"))
}

/// A contract, by its name in the registry.
pub fn contract(name: &str) -> Option<Label> {
    find(CONTRACTS, name)
}

pub fn function(contract: &str, name: &str) -> Option<Label> {
    find(FUNCTIONS, &format!("{contract}.{name}"))
}

/// An argument, or a member of one: as this function has it, or this contract, or all.
pub fn field(contract: &str, function: &str, name: &str) -> Option<Label> {
    find(FIELDS, &format!("{contract}.{function}.{name}"))
        .or_else(|| find(FIELDS, &format!("{contract}.{name}")))
        .or_else(|| find(FIELDS, name))
}

fn find(table: &[(&str, Label)], name: &str) -> Option<Label> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, label)| *label)
}

const OWN: &[(&str, Label)] = &[
    ("signer", of("签名账户", "account that signs")),
    ("path", of("密钥路径", "path of its key")),
    ("chain", of("链编号", "chain id")),
    ("origin", of("请求方（自称）", "asked by (says itself)")),
    ("kind", of("种类", "kind")),
    ("nonce", of("序号", "nonce")),
    ("gas", of("燃料上限", "gas limit")),
    ("gasPrice", of("燃料价格", "gas price")),
    ("maxFee", of("最高燃料价格", "highest gas price")),
    ("priorityFee", of("优先费", "priority fee")),
    ("accessList", of("访问清单", "access list")),
    ("contract", of("合约", "contract")),
    ("to", of("收款或合约地址", "to")),
    ("value", of("金额", "value")),
    ("function", of("操作", "function")),
    ("data", of("数据（未解读）", "data (not read)")),
    ("creation", of("合约代码", "code of the contract")),
    ("innerCall", of("其中的调用", "call inside it")),
    ("proposalText", of("提案说明", "the proposal says")),
    (
        "proposalCall",
        of("提案执行的调用", "call that the proposal makes"),
    ),
    ("primaryType", of("数据类型", "type of the data")),
    ("typedDomain", of("适用范围", "what it is for")),
    ("typedMessage", of("数据", "the data")),
    ("message", of("全文", "the whole text")),
    ("domain", of("网站", "site")),
    ("uri", of("网址", "address of the page")),
    ("signInNonce", of("一次性编号", "nonce")),
    ("issuedAt", of("签发时间", "issued at")),
    ("expiresAt", of("失效时间", "expires at")),
    ("hash", of("待签摘要", "hash that is signed")),
];

const CONTRACTS: &[(&str, Label)] = &[
    ("registry", of("机构登记", "Registry")),
    ("statutes", of("法律依据", "Statutes")),
    ("rules", of("规则表", "Rules")),
    ("services", of("事项目录", "Services")),
    ("consents", of("同意", "Consents")),
    ("uses", of("用数记录", "Uses")),
    ("cases", of("办件", "Cases")),
    ("credentials", of("电子证照", "Credentials")),
    ("accounts", of("市民账户", "Accounts")),
    ("allowances", of("每日配额凭证", "Allowances")),
    ("delegations", of("代办授权", "Delegations")),
    ("poseidon", of("哈希函数 Poseidon", "Poseidon")),
    (
        "membership-verifier",
        of("成员证明验证器", "Verifier of membership"),
    ),
    ("people", of("市民名册", "People")),
    ("validators", of("验证节点", "Validators")),
    ("quotas", of("配额", "Quotas")),
    ("council", of("理事会", "Council")),
];

const FUNCTIONS: &[(&str, Label)] = &[
    (
        "accounts.approve",
        of("机构同意恢复账户", "an authority approves a recovery"),
    ),
    (
        "accounts.approveAsGuardian",
        of("监护人同意恢复账户", "a guardian approves a recovery"),
    ),
    (
        "accounts.change",
        of("更换账户签名者", "change the signers of an account"),
    ),
    ("accounts.create", of("建立账户", "make an account")),
    ("accounts.finish", of("完成恢复", "finish a recovery")),
    (
        "accounts.setGuards",
        of("更换恢复授权人", "name other authorities or guardians"),
    ),
    ("accounts.veto", of("否决恢复", "stop a recovery")),
    (
        "allowances.publish",
        of("发布凭证公钥", "publish the key of a window"),
    ),
    ("allowances.redeem", of("使用凭证", "spend a token")),
    (
        "allowances.setIssuer",
        of("指定凭证签发机构", "name who issues tokens"),
    ),
    ("cases.appeal", of("申请复核", "appeal")),
    ("cases.approve", of("批准办件", "approve a case")),
    ("cases.attest", of("提交核验结果", "bring a provider's answers")),
    ("cases.close", of("办结", "close a case")),
    ("cases.decide", of("按规则决定", "let the rules decide")),
    ("cases.escalate", of("报告超期", "say that the promise is broken")),
    ("cases.open", of("申请办件", "open a case")),
    (
        "cases.openWithToken",
        of("凭凭证申请办件", "open a case with a token"),
    ),
    ("cases.refuse", of("不予批准", "refuse a case")),
    ("cases.requestMore", of("要求补正", "ask for what is missing")),
    ("cases.supplement", of("补正", "answer with a new form")),
    ("consents.consume", of("用掉同意", "count a use of a consent")),
    ("consents.grant", of("给予同意", "grant a consent")),
    ("consents.revoke", of("撤回同意", "revoke a consent")),
    ("council.addMember", of("增加成员", "add a member")),
    ("council.cancel", of("撤回提案", "withdraw a proposal")),
    ("council.castVote", of("表决", "vote on a proposal")),
    (
        "council.castVoteBySig",
        of("代交表决", "bring somebody's signed vote"),
    ),
    (
        "council.castVoteWithReason",
        of("表决并说明理由", "vote, with a reason"),
    ),
    (
        "council.castVoteWithReasonAndParams",
        of("表决并说明理由", "vote, with a reason"),
    ),
    (
        "council.castVoteWithReasonAndParamsBySig",
        of("代交表决", "bring somebody's signed vote"),
    ),
    ("council.execute", of("执行提案", "execute a proposal")),
    ("council.propose", of("提出提案", "propose")),
    ("council.queue", of("提案排队待执行", "queue a carried proposal")),
    ("council.relay", of("理事会调用", "call as the council")),
    ("council.removeMember", of("移除成员", "remove a member")),
    ("credentials.issue", of("登记证照", "record a credential")),
    (
        "credentials.setAnchor",
        of("设置信任的证书", "trust a certificate authority, or no longer"),
    ),
    (
        "credentials.setStatusRoot",
        of("更新状态列表", "set the root of a status list"),
    ),
    ("delegations.end", of("终止代办授权", "end a delegation")),
    (
        "delegations.register",
        of("登记代办授权", "register a delegation"),
    ),
    (
        "people.enter",
        of("登记市民承诺", "enter a resident's commitment"),
    ),
    (
        "people.remove",
        of("移除市民承诺", "remove a resident's commitment"),
    ),
    ("quotas.assign", of("指定配额类别", "put an account into a class")),
    ("quotas.setClass", of("设置配额类别", "change or add a class")),
    (
        "quotas.unassign",
        of("取消指定的配额类别", "take an account out of its class"),
    ),
    (
        "registry.setContract",
        of("设置合约地址", "put a contract under a name"),
    ),
    (
        "registry.setOfficer",
        of("任免办理人员", "appoint or dismiss an officer"),
    ),
    (
        "registry.setOrganisation",
        of("登记机构", "list or replace an organisation"),
    ),
    ("rules.publish", of("发布规则表", "publish a rule set")),
    ("services.publish", of("发布事项", "publish a service")),
    (
        "services.setActive",
        of("启停事项", "open or shut a version of a service"),
    ),
    (
        "statutes.list",
        of("登记法律依据", "list a statute, or set its end"),
    ),
    ("uses.multicall", of("多项操作", "several calls at once")),
    ("uses.record", of("记录用数", "record a use of data")),
    ("validators.add", of("增加验证节点", "add a validator")),
    ("validators.remove", of("移除验证节点", "remove a validator")),
];

const FIELDS: &[(&str, Label)] = &[
    ("account", of("账户", "account")),
    (
        "quotas.account",
        of("账户（或每个账户的燃料）", "account (or gas for each account)"),
    ),
    ("active", of("有效", "active")),
    ("add", of("增加的签名者", "signers added")),
    ("amountFen", of("金额（分）", "amount in fen")),
    ("appealSeconds", of("复核期限", "time to appeal")),
    ("article", of("条款", "article")),
    ("attester", of("机构签名密钥", "the organisation's signing key")),
    ("authorities", of("恢复机构", "authorities")),
    ("authority", of("恢复机构", "authority")),
    ("basis", of("依据", "basis")),
    ("brackets", of("区间", "brackets")),
    ("calldatas", of("调用数据", "data of the calls")),
    ("caseId", of("办件编号", "case id")),
    ("cases.id", of("办件编号", "case id")),
    ("certificate", of("证书", "certificate")),
    ("chainId", of("链编号", "chain id")),
    ("ciphertext", of("密文", "ciphertext")),
    ("class", of("类别", "class")),
    ("consents.id", of("同意书摘要", "hash of the consent")),
    ("consumer", of("使用方", "who learns the answer")),
    ("credentialHash", of("证照摘要", "hash of the credential")),
    ("credentialType", of("证照类型", "type of credential")),
    ("data", of("调用数据", "data of the call")),
    ("defects", of("需补正事项", "what is missing")),
    ("description", of("提案说明", "what it is for")),
    ("descriptionHash", of("提案说明摘要", "hash of what it is for")),
    ("document", of("授权书摘要", "hash of the terms")),
    ("encryptionKey", of("加密公钥", "encryption key")),
    ("falseMask", of("须为否的核验项", "predicates that must be false")),
    ("form", of("表单承诺", "commitment to the form")),
    ("gateway", of("网关地址", "address of the gateway")),
    ("grantor", of("给予同意者", "who gave the consent")),
    ("guardian", of("监护人", "guardian")),
    ("guardians", of("监护人摘要", "hashes of guardians")),
    ("guardiansNeeded", of("所需监护人数", "guardians needed")),
    ("guards", of("恢复授权人", "who may approve a recovery")),
    ("holder", of("持有人", "holder")),
    ("id", of("编号", "id")),
    ("issuer", of("签发机构", "issuer")),
    ("key", of("密钥", "key")),
    ("kind", of("签名者种类", "kind of signer")),
    ("law", of("法律", "law")),
    ("leaf", of("市民承诺", "commitment")),
    ("limits", of("限额", "limits")),
    ("list", of("状态列表", "status list")),
    ("location", of("地址", "address")),
    ("mask", of("核验项（位）", "predicates, as bits")),
    ("max", of("最大值", "most")),
    ("member", of("成员", "member")),
    ("min", of("最小值", "least")),
    ("modulus", of("公钥模数", "modulus of the key")),
    ("name", of("名称", "name")),
    ("nonce", of("一次性编号", "nonce")),
    ("o", of("机构", "organisation")),
    ("once", of("只用一次", "for one use alone")),
    ("organisation", of("机构", "organisation")),
    ("outcome", of("结果", "outcome")),
    ("owner", of("主管机构", "owner")),
    ("packageHash", of("事项包摘要", "hash of the package")),
    ("params", of("附加参数", "parameters")),
    ("predicate", of("核验项序号", "number of the predicate")),
    ("predicates", of("核验项", "predicates")),
    ("promisedSeconds", of("承诺时限", "promised time")),
    ("proof", of("签名证明", "proof")),
    ("proofs", of("签名证明", "proofs")),
    ("proposalId", of("提案", "proposal")),
    ("provider", of("数据提供机构", "provider")),
    ("reason", of("理由", "reason")),
    ("receiver", of("接收密钥", "key that receives")),
    ("registry.id", of("机构", "organisation")),
    ("remove", of("移除的签名者", "signers removed")),
    ("roles", of("职责", "roles")),
    ("root", of("列表根", "root of the list")),
    ("row", of("规则行", "row of the rule set")),
    ("rows", of("规则行", "rows")),
    ("ruleSet", of("规则表", "rule set")),
    ("rules", of("规则表", "rule set")),
    ("s", of("内容", "content")),
    ("salt", of("盐", "salt")),
    ("seat", of("席位编号", "number of the seat")),
    ("service", of("事项", "service")),
    ("services.id", of("事项", "service")),
    ("signature", of("签名", "signature")),
    ("signer", of("签名者", "signer")),
    ("signers", of("签名者", "signers")),
    ("sponsor", of("担保机构", "sponsor")),
    ("statement", of("说明的摘要", "hash of the statement")),
    ("statusIndex", of("状态列表中的位置", "place in the status list")),
    ("statute", of("法律依据", "law")),
    ("statutorySeconds", of("法定时限", "statutory time")),
    ("support", of("表决", "vote")),
    ("tag", of("一次性标签", "one-time tag")),
    ("target", of("被调用的合约", "contract that is called")),
    ("targets", of("被调用的合约", "contracts that are called")),
    ("textHash", of("条文摘要", "hash of the text")),
    ("total", of("全类别的燃料", "gas for all of the class")),
    ("trueMask", of("须为是的核验项", "predicates that must be true")),
    ("trusted", of("信任", "trusted")),
    ("until", of("截止", "until")),
    ("uri", of("事项包网址", "where the package is")),
    ("use", of("用数记录", "use record")),
    ("v", of("验证节点", "validator")),
    ("validFrom", of("生效", "in force from")),
    ("validTo", of("失效", "in force to")),
    ("value", of("金额", "value")),
    ("values", of("金额", "values")),
    ("cases.values", of("核验结果", "answers")),
    ("quotas.values", of("内容", "content")),
    ("verifyingContract", of("验证合约", "contract")),
    ("version", of("版本", "version")),
    ("voter", of("表决人", "voter")),
    ("weight", of("权重", "weight")),
    ("window", of("时段", "window")),
    ("x", of("公钥 x", "public key x")),
    ("y", of("公钥 y", "public key y")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_json_abi::{JsonAbi, Param, StateMutability};
    use serde::Deserialize;
    use zhengtong_bindings::{abi_json, abi_names};

    /// Tokens sent to the council call these; nobody signs them.
    const NOT_SIGNED: [&str; 3] = ["onERC1155BatchReceived", "onERC1155Received", "onERC721Received"];

    #[derive(Deserialize)]
    struct File {
        abi: JsonAbi,
    }

    fn unnamed(contract: &str, function: &str, params: &[Param], missing: &mut Vec<String>) {
        for param in params {
            if field(contract, function, &param.name).is_none() {
                missing.push(format!("{contract}.{function}.{}", param.name));
            }
            unnamed(contract, function, &param.components, missing);
        }
    }

    #[test]
    fn every_function_that_changes_something_and_every_argument_has_words() {
        let mut missing = Vec::new();
        for name in abi_names() {
            if contract(name).is_none() {
                missing.push(name.to_owned());
            }
            let file: File = serde_json::from_str(abi_json(name).unwrap()).unwrap();
            let changes = |state| !matches!(state, StateMutability::View | StateMutability::Pure);
            let functions = file
                .abi
                .functions()
                .filter(|function| changes(function.state_mutability));
            for call in functions.filter(|call| !NOT_SIGNED.contains(&call.name.as_str())) {
                if function(name, &call.name).is_none() {
                    missing.push(format!("{name}.{}", call.name));
                }
                unnamed(name, &call.name, &call.inputs, &mut missing);
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn every_contract_of_genesis_is_read() {
        for name in crate::council::of_genesis().keys() {
            assert!(
                abi_json(name).is_some(),
                "{name} is missing in the bindings' abi.rs"
            );
        }
    }

    #[test]
    fn no_words_are_without_use() {
        for (key, _) in FUNCTIONS {
            let (contract, name) = key.split_once('.').unwrap();
            let file: File = serde_json::from_str(abi_json(contract).unwrap()).unwrap();
            assert!(file.abi.function(name).is_some(), "{key}");
        }
        for table in [OWN, CONTRACTS, FUNCTIONS, FIELDS] {
            for (at, (key, label)) in table.iter().enumerate() {
                assert!(!table[..at].iter().any(|(other, _)| other == key), "{key} twice");
                assert!(!label.zh.is_ascii() || key.len() == 1, "{key}");
                assert!(label.en.is_ascii(), "{key}");
            }
        }
    }
}
