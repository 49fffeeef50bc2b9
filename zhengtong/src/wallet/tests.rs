//! Keys, files and contents against other programs' (BIP-39, BIP-44, Web3 Secret Storage, EIP-155, EIP-712; ethers 6.17).

use super::{
    content::{Content, ContentError},
    key::{KeyError, Secret, Words},
    keystore::{self, Cost, KeystoreError},
    message::SignIn,
    openings::{Article, Openings, ProposalContent, Statement},
    show::{Book, Page, page},
    typed::{TypedData, TypedError},
    wire::{DataType, EthSignature, KeyPath, RequestId, SignRequest},
};
use alloy_consensus::{SignableTransaction as _, TxEip1559};
use alloy_primitives::{Address, B256, Bytes, U256, address, b256, hex, keccak256};
use alloy_signer::SignerSync as _;
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use zhengtong_bindings::{
    Cases, Council, Facts, Registry, Statutes, Uses, addresses, council_address, facts_signing_hash, slug,
    statute_id, statutes::IStatutes::Statute,
};

const WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const FIRST: Address = address!("9858EfFD232B4033E47d90003D41EC34EcaEda94");
const CHAIN: u64 = 20260;
const PASSPHRASE: &str = "correct horse battery";
const QUICK: Cost = Cost { log_n: 4 };

fn words() -> Words {
    Words::parse(WORDS).unwrap()
}

#[test]
fn words_are_those_of_bip_39_and_bip_44() {
    // BIP-39's own vectors: entropy and words.
    for (entropy, phrase) in [
        ("00000000000000000000000000000000", WORDS),
        (
            "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
            "legal winner thank year wave sausage worth useful legal winner thank yellow",
        ),
        (
            "808080808080808080808080808080808080808080808080",
            "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter always",
        ),
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
        ),
    ] {
        let read = Words::parse(phrase).unwrap();
        assert_eq!(hex::encode(&*read.entropy()), entropy);
        assert_eq!(*Words::from_entropy(&read.entropy()).unwrap().phrase(), phrase);
    }
    let signers = [
        (0, FIRST),
        (1, address!("6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0")),
    ];
    for (index, expected) in signers {
        assert_eq!(words().signer(index).unwrap().address(), expected);
    }
    // The accounts that Hardhat and Foundry publish.
    let junk = Words::parse("Test test  test test test test test test test test test junk").unwrap();
    assert_eq!(
        junk.signer(0).unwrap().address(),
        address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    );
    assert_eq!(
        junk.signer(1).unwrap().address(),
        address!("70997970C51812dc3A010C7d01b50e0d17dc79C8")
    );
    assert_eq!(
        words().signer(1 << 31).unwrap_err(),
        KeyError::Index { index: 1 << 31 }
    );
}

#[test]
fn words_that_are_none_are_refused_and_not_repeated() {
    let swapped =
        "about abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon";
    for (text, expected) in [
        ("", KeyError::WordCount { given: 0 }),
        ("abandon about", KeyError::WordCount { given: 2 }),
        (
            &WORDS.replace("about", "secretword"),
            KeyError::UnknownWord { position: 12 },
        ),
        (swapped, KeyError::Checksum),
        (&"zoo ".repeat(24), KeyError::Checksum),
    ] {
        let error = Words::parse(text).err().unwrap();
        assert_eq!(error, expected);
        assert!(!error.to_string().contains("secretword"));
    }
    let (one, other) = (Words::random(), Words::random());
    assert_eq!(one.phrase().split(' ').count(), 24);
    assert_ne!(*one.phrase(), *other.phrase());
}

/// The file of the Web3 Secret Storage definition.
fn published() -> Value {
    json!({
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32, "n": 262144, "r": 1, "p": 8,
                "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
            },
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    })
}

#[test]
fn the_published_key_file_opens() {
    let Ok(Secret::Key(key)) = keystore::open(&published().to_string(), "testpassword") else {
        panic!("a key without words")
    };
    let expected = b256!("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d");
    assert_eq!(key.to_bytes(), expected);
    let secret = Secret::Key(key);
    assert_eq!(
        secret.address(0).unwrap(),
        address!("008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b")
    );
    assert_eq!(secret.address(1), Err(KeyError::NoWords { index: 1 }));
}

/// What `ethers` 6.17 wrote for [`WORDS`] under [`PASSPHRASE`].
fn of_ethers() -> Value {
    json!({
        "address": "9858effd232b4033e47d90003d41ec34ecaeda94",
        "id": "3dbb2d9b-f512-4d2b-9504-d95330106ce0",
        "version": 3,
        "Crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "e750edf6244e98cff8001aea03316078"},
            "ciphertext": "96e9ef95849e61a28e50ac3b0518a440922cd76aec1f607e32c504d24161cdd6",
            "kdf": "scrypt",
            "kdfparams": {
                "salt": "74c8fecc185f783b8e2617fd0c331d39b56576a94d99268c30163ca1f38cf6be",
                "n": 131072, "dklen": 32, "p": 1, "r": 8,
            },
            "mac": "0dc587881200ab4a98a16dc5d275c54c76bade550084f22730c8cb34b259260a",
        },
        "x-ethers": {
            "client": "ethers/6.17.0",
            "gethFilename": "UTC--2026-11-26T04-47-12.0Z--9858effd232b4033e47d90003d41ec34ecaeda94",
            "path": "m/44'/60'/0'/0/0", "locale": "en",
            "mnemonicCounter": "f9974c1be944fe74f63738a808b4a4a0",
            "mnemonicCiphertext": "1c609f3bafe5b698e5fac3f8edccae87",
            "version": "0.1",
        },
    })
}

#[test]
fn a_file_of_ethers_opens_with_its_words() {
    let Ok(Secret::Words(read)) = keystore::open(&of_ethers().to_string(), PASSPHRASE) else {
        panic!("words")
    };
    assert_eq!(*read.phrase(), WORDS);
}

#[test]
fn a_file_of_ours_opens_with_its_passphrase_alone() {
    let text = keystore::seal(&words(), PASSPHRASE, QUICK).unwrap();
    for secret in [
        WORDS,
        "abandon",
        &hex::encode(words().signer(0).unwrap().to_bytes()),
    ] {
        assert!(!text.contains(secret));
    }
    let opened = keystore::open(&text, PASSPHRASE).unwrap();
    assert_eq!(opened.address(1).unwrap(), words().signer(1).unwrap().address());
    for wrong in ["", "correct horse batterz"] {
        assert!(matches!(
            keystore::open(&text, wrong),
            Err(KeystoreError::Passphrase)
        ));
    }
    assert_ne!(
        text,
        keystore::seal(&words(), PASSPHRASE, QUICK).unwrap(),
        "salts are fresh"
    );
}

#[test]
fn files_that_were_changed_are_refused() {
    let whole: Value = serde_json::from_str(&keystore::seal(&words(), PASSPHRASE, QUICK).unwrap()).unwrap();
    let changed = |pointer: &str, to: Value| {
        let mut file = whole.clone();
        *file.pointer_mut(pointer).unwrap() = to;
        keystore::open(&file.to_string(), PASSPHRASE)
            .err()
            .unwrap()
            .to_string()
    };
    for (pointer, to, says) in [
        ("/version", json!(1), "version 1"),
        ("/crypto/cipher", json!("aes-128-cbc"), "aes-128-cbc"),
        ("/crypto/kdf", json!("pbkdf2"), "pbkdf2"),
        ("/crypto/kdfparams/n", json!(1u64 << 40), "more than it may"),
        ("/crypto/kdfparams/n", json!(1u64 << 63), "more than it may"),
        ("/crypto/kdfparams/n", json!(12), "scrypt's n"),
        ("/crypto/kdfparams/n", json!(0), "scrypt's n"),
        ("/crypto/kdfparams/p", json!(100_000), "more than it may"),
        ("/crypto/kdfparams/r", json!(0), "scrypt's n"),
        ("/crypto/kdfparams/dklen", json!(16), "dklen"),
        ("/crypto/kdfparams/salt", json!("00"), "salt"),
        ("/crypto/mac", json!("00".repeat(32)), "passphrase is wrong"),
        ("/crypto/mac", json!("zz"), "mac"),
        (
            "/crypto/ciphertext",
            json!("00".repeat(32)),
            "passphrase is wrong",
        ),
        ("/address", json!(hex::encode([1; 20])), "address does not belong"),
        (
            "/x-ethers/mnemonicCiphertext",
            json!("00".repeat(32)),
            "words does not belong",
        ),
        ("/x-ethers/mnemonicCiphertext", json!("00".repeat(5)), "the words"),
        ("/x-ethers/path", json!("m/0"), "path"),
        ("/x-ethers/locale", json!("ja"), "language"),
    ] {
        let error = changed(pointer, to);
        assert!(error.contains(says), "{pointer}: {error}");
    }
    assert!(matches!(
        keystore::open("{}", PASSPHRASE),
        Err(KeystoreError::Format(_))
    ));
}

fn request(data: impl AsRef<[u8]>, data_type: DataType) -> SignRequest {
    SignRequest {
        id: Some(RequestId::random()),
        data: Bytes::copy_from_slice(data.as_ref()),
        data_type,
        chain_id: CHAIN,
        path: KeyPath {
            steps: vec![44 | 1 << 31, 60 | 1 << 31, 1 << 31, 0, 0],
            fingerprint: Some(0x73c5da0a),
        },
        address: Some(FIRST),
        origin: None,
    }
}

fn read(data: impl AsRef<[u8]>, data_type: DataType) -> Result<Content, ContentError> {
    Content::read(&request(data, data_type), CHAIN, FIRST)
}

/// The signature of a content, as it goes back.
fn signed(data: impl AsRef<[u8]>, data_type: DataType) -> Vec<u8> {
    let content = read(data, data_type).unwrap();
    let signature = words()
        .signer(0)
        .unwrap()
        .sign_hash_sync(&content.hash())
        .unwrap();
    let id = RequestId::random();
    let answer = EthSignature::new(Some(id), &signature, content.v(signature.v()));
    assert_eq!(answer.check(id, content.hash(), FIRST).unwrap(), signature);
    assert!(answer.check(id, B256::ZERO, FIRST).is_err());
    answer.signature
}

#[test]
fn transactions_and_messages_are_signed_as_ethers_signs_them() {
    let legacy = hex!("e2038083015f909470997970c51812dc3a010c7d01b50e0d17dc79c80780824f248080");
    assert_eq!(
        signed(legacy, DataType::Legacy),
        hex!(
            "d2d2df3c6999f5ae89dd64a8cd70f28df9a2ea492f969c492fd5cdbec5ecf18e4936aa4336a363bdcc881d4d59236700073aa1a9fc28af9662fe657a08404e429e6b"
        ),
        "v is 40555"
    );
    let typed = hex!("02e2824f2403808083015f909470997970c51812dc3a010c7d01b50e0d17dc79c80780c0");
    assert_eq!(
        signed(typed, DataType::Typed),
        hex!(
            "f21ebb27722eb00945d9834f267c70871dc717ddfa7cc43c7225bd49301bc16339ffd4ec3dfec924f6aa60830ca0e3a34bc1c22e3b3e2c3ac280a0c7c813eed601"
        )
    );
    assert_eq!(
        signed("政通", DataType::Message),
        hex!(
            "9cc7db5cb80ab6ce59cac38c6aebae569e2273b524cf6ab0772579cd27e0354b254521c5ab8494d59745d65ee41f89f69ad240fb3ecaf65c43b0d020a7bfd2b21b"
        )
    );
}

#[test]
fn transactions_for_others_or_written_otherwise_are_refused() {
    let typed = hex!("02e2824f2403808083015f909470997970c51812dc3a010c7d01b50e0d17dc79c80780c0").to_vec();
    let legacy = hex!("e2038083015f909470997970c51812dc3a010c7d01b50e0d17dc79c80780824f248080").to_vec();
    let refused = |data: Vec<u8>, data_type| read(data, data_type).err().unwrap();
    let mut other = request(typed.clone(), DataType::Typed);
    other.chain_id = 1;
    let error = Content::read(&other, CHAIN, FIRST).err().unwrap();
    assert!(matches!(
        error,
        ContentError::Chain {
            found: 1,
            wanted: CHAIN
        }
    ));
    // The request says one chain, the transaction another.
    let error = Content::read(&other, 1, FIRST).err().unwrap();
    assert!(matches!(
        error,
        ContentError::Chain {
            found: CHAIN,
            wanted: 1
        }
    ));
    assert!(matches!(
        refused([typed.clone(), vec![0]].concat(), DataType::Typed),
        ContentError::NotCanonical
    ));
    assert!(matches!(
        refused(typed[..20].to_vec(), DataType::Typed),
        ContentError::Transaction(_)
    ));
    for kind in [0, 1, 3, 4, 0x7f] {
        let error = refused([&[kind], &typed[1..]].concat(), DataType::Typed);
        assert!(matches!(error, ContentError::TransactionType { found } if found == kind));
    }
    // A legacy transaction without a chain could be sent on any; one whose last fields are not zero is no request.
    let anywhere = hex!("dd038083015f909470997970c51812dc3a010c7d01b50e0d17dc79c80780").to_vec();
    assert!(matches!(
        refused(anywhere, DataType::Legacy),
        ContentError::AnyChain
    ));
    let mut filled = legacy;
    *filled.last_mut().unwrap() = 1;
    assert!(matches!(
        refused(filled, DataType::Legacy),
        ContentError::NotCanonical
    ));
    assert!(matches!(refused(vec![], DataType::Message), ContentError::Empty));
    assert!(matches!(
        refused(vec![b'a'; 20_000], DataType::Message),
        ContentError::MessageTooLong { .. }
    ));
}

fn typed_example() -> Value {
    // The payload that ethers makes, and its hash below.
    serde_json::from_str(include_str!("testdata/typed.json")).unwrap()
}

#[test]
fn typed_data_is_hashed_as_ethers_hashes_it() {
    let parse = |value: &Value| TypedData::parse(value.to_string().as_bytes()).and_then(|data| data.walk());
    let (hash, domain, message) = parse(&typed_example()).unwrap();
    assert_eq!(
        hash,
        b256!("bf5250f0d4d7334056b2d6afcf7200067dd8981167b1578849e7f6124e26bbe2")
    );
    assert_eq!(domain.len(), 4);
    let names: Vec<_> = message.iter().map(|leaf| leaf.name.as_str()).collect();
    assert_eq!(names[..5], ["from", "name", "wallets", "[0]", "[1]"]);
    // EIP-712's own example.
    let mail: Value = serde_json::from_str(include_str!("testdata/mail.json")).unwrap();
    let (hash, ..) = parse(&mail).unwrap();
    assert_eq!(
        hash,
        b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
    );
}

#[test]
fn typed_data_that_hides_or_bends_something_is_refused() {
    let refused = |pointer: &str, to: Value| {
        let mut data = typed_example();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match data.pointer_mut(parent).unwrap() {
            Value::Object(map) if to.is_null() => drop(map.remove(key)),
            Value::Object(map) => drop(map.insert(key.to_owned(), to)),
            _ => panic!("{parent} is an object"),
        }
        let walked = TypedData::parse(data.to_string().as_bytes()).and_then(|data| data.walk());
        walked.err().unwrap_or_else(|| panic!("{pointer} was taken"))
    };
    assert!(matches!(
        refused("/message/hidden", json!("x")),
        TypedError::Unsigned { .. }
    ));
    assert!(matches!(
        refused("/message/from/hidden", json!("x")),
        TypedError::Unsigned { .. }
    ));
    assert!(matches!(
        refused("/domain/hidden", json!("x")),
        TypedError::Unsigned { .. }
    ));
    assert!(matches!(
        refused("/message/contents", Value::Null),
        TypedError::Missing { .. }
    ));
    assert!(matches!(
        refused("/primaryType", json!("Nobody")),
        TypedError::UnknownType { .. }
    ));
    assert!(matches!(
        refused("/types/EIP712Domain", Value::Null),
        TypedError::UnknownType { .. }
    ));
    for (pointer, to) in [
        ("/message/contents", json!(7)),
        ("/message/ok", json!("true")),
        ("/message/tag", json!("0x010203")),
        ("/message/tag", json!("01020304")),
        ("/message/pair", json!(["1"])),
        ("/message/pair", json!(["1", "128"])),
        ("/message/big", json!("1 ether")),
        ("/message/big", json!("-1")),
        (
            "/message/big",
            json!("115792089237316195423570985008687907853269984665640564039457584007913129639936"),
        ),
        ("/message/to", json!({})),
        ("/message/from", json!([])),
    ] {
        let error = refused(pointer, to);
        assert!(matches!(error, TypedError::Value { .. }), "{pointer}: {error}");
    }
    assert!(matches!(
        refused("/message/big", json!(1e30)),
        TypedError::Number { .. }
    ));
    let mut endless = typed_example();
    endless["types"]["Person"] =
        json!([{"name": "name", "type": "string"}, {"name": "next", "type": "Person[]"}]);
    let mut person = json!({"name": "x", "next": []});
    for _ in 0..20 {
        person = json!({"name": "x", "next": [person]});
    }
    endless["message"]["from"] = person;
    endless["message"]["to"] = json!([]);
    let walked = TypedData::parse(endless.to_string().as_bytes()).unwrap().walk();
    assert!(matches!(walked, Err(TypedError::TooMuch)));
}

fn shown(content: &Content, openings: &Openings) -> Page {
    page(
        &request("x", DataType::Message),
        content,
        FIRST,
        &Book::of_genesis(),
        openings,
    )
    .unwrap()
}

fn call(to: Address, input: Vec<u8>) -> Content {
    let transaction = TxEip1559 {
        chain_id: CHAIN,
        gas_limit: 90_000,
        to: to.into(),
        input: input.into(),
        ..TxEip1559::default()
    };
    read(transaction.encoded_for_signing(), DataType::Typed).unwrap()
}

fn assert_shows(page: &Page, lines: &[&str]) {
    let text = page.to_string();
    for line in lines {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
}

#[test]
fn a_refusal_is_shown_with_its_reason_its_law_and_its_words() {
    let (law, said) = ("老年人权益保障法", "材料不齐");
    let salt = Bytes::from(vec![5; 32]);
    let refuse = Cases::refuseCall {
        id: B256::repeat_byte(9),
        row: 255,
        reason: slug("not-resident"),
        statute: statute_id(law, "第一条"),
        statement: keccak256([&salt, said.as_bytes()].concat()),
    };
    let content = call(addresses().cases, refuse.abi_encode());
    let openings = Openings {
        statutes: vec![Article {
            law: law.into(),
            article: "第一条".into(),
        }],
        statements: vec![Statement {
            salt,
            text: said.into(),
        }],
        ..Openings::default()
    };
    let page = shown(&content, &openings);
    assert!(page.is_understood());
    assert_shows(
        &page,
        &[
            "合约 / contract: 办件 Cases (0x",
            "操作 / function: 不予批准 refuse a case (refuse)",
            "办件编号 / case id: 0x0909",
            "规则行 / row of the rule set: 255 (无 none)",
            "理由 / reason: not-resident (0x",
            "法律依据 / law: \"老年人权益保障法 第一条\" (0x",
            "说明的摘要 / hash of the statement: \"材料不齐\" (0x",
            "链编号 / chain id: 20260",
            &format!("待签摘要 / hash that is signed: {}", content.hash()),
        ],
    );
    // What is brought along and does not fit its hash is not shown.
    let other = Openings {
        statements: vec![Statement {
            salt: Bytes::new(),
            text: said.into(),
        }],
        ..Openings::default()
    };
    assert!(!shown(&content, &other).to_string().contains(said));
}

#[test]
fn a_proposal_is_opened_up_to_the_calls_inside_it() {
    let statute = Statute {
        law: "法\u{202e}\u{1b}[2J".into(),
        article: "第二条".into(),
        textHash: B256::repeat_byte(7),
        validFrom: 1_700_000_000,
        validTo: 0,
    };
    let list = Statutes::listCall::new((statute,)).abi_encode();
    let officer = Registry::setOfficerCall {
        key: Address::repeat_byte(3),
        id: slug("civil-affairs"),
        active: false,
    };
    let content = ProposalContent {
        targets: vec![addresses().statutes, addresses().registry],
        values: vec![U256::ZERO; 2],
        calldatas: vec![list.into(), officer.abi_encode().into()],
        description: "一项提案".into(),
    };
    let propose = Council::proposeCall {
        targets: content.targets.clone(),
        values: content.values.clone(),
        calldatas: content.calldatas.clone(),
        description: content.description.clone(),
    };
    let inside = [
        "合约 / contract: 法律依据 Statutes",
        "生效 / in force from: 1700000000 (2023-11-14T22:13:20Z)",
        "失效 / in force to: 0 (未定 open)",
        "操作 / function: 任免办理人员 appoint or dismiss an officer (setOfficer)",
        "机构 / organisation: civil-affairs (0x",
        "有效 / active: 否 no",
    ];
    let page = shown(
        &call(council_address(), propose.abi_encode()),
        &Openings::default(),
    );
    assert!(page.is_understood());
    assert_shows(&page, &inside);
    assert_shows(
        &page,
        &["提案说明 / what it is for: \"一项提案\"", "法\\u{202e}\\u{1b}[2J"],
    );
    assert!(!page.to_string().contains(['\u{1b}', '\u{202e}']));

    // A vote names its proposal by a hash: without the content nobody knows what is voted on.
    let id = content.id();
    let vote = call(
        council_address(),
        Council::castVoteCall {
            proposalId: id,
            support: 0,
        }
        .abi_encode(),
    );
    let blind = shown(&vote, &Openings::default());
    assert!(!blind.is_understood());
    assert_shows(
        &blind,
        &["表决 / vote: 0 (反对 against)", "警告 / WARNING: 未附提案"],
    );
    let mut openings = Openings {
        proposals: vec![content],
        ..Openings::default()
    };
    let opened = shown(&vote, &openings);
    assert!(opened.is_understood(), "{opened}");
    assert_shows(&opened, &inside);
    openings.proposals[0].description.push('.');
    assert!(
        !shown(&vote, &openings).is_understood(),
        "another proposal's content"
    );
    // What it does must be known too.
    openings.proposals[0].targets[0] = Address::repeat_byte(8);
    let vote = Council::castVoteCall {
        proposalId: openings.proposals[0].id(),
        support: 1,
    };
    let strange = shown(&call(council_address(), vote.abi_encode()), &openings);
    assert!(!strange.is_understood());
}

#[test]
fn what_is_not_known_is_shown_raw_with_a_warning() {
    let open = Openings::default();
    let approve = Cases::approveCall {
        id: B256::repeat_byte(9),
        row: 0,
        amountFen: 12_345,
        reason: slug("ok"),
        statute: B256::ZERO,
        statement: B256::ZERO,
    };
    let input = approve.abi_encode();
    let page = shown(&call(addresses().cases, input.clone()), &open);
    assert!(page.is_understood());
    assert_shows(
        &page,
        &[
            "金额（分） / amount in fen: 12345 (123.45 元 yuan)",
            "法律依据 / law: 无 none",
        ],
    );
    let strangers = [
        (Address::repeat_byte(8), input.clone()),
        (addresses().registry, input.clone()),
        (addresses().cases, input[..40].to_vec()),
        // A byte more than the arguments take would be signed and not shown.
        (addresses().cases, [input.as_slice(), &[0]].concat()),
        (addresses().cases, vec![]),
        (addresses().cases, Cases::getCall { id: B256::ZERO }.abi_encode()),
    ];
    for (to, input) in strangers {
        let page = shown(&call(to, input.clone()), &open);
        assert!(!page.is_understood(), "{page}");
        assert_eq!(page.doubts().len(), 1);
        assert_shows(&page, &[&format!("0x{}", hex::encode(&input)), "警告 / WARNING"]);
    }
    // Ether for somebody is understood.
    assert!(shown(&call(Address::repeat_byte(8), vec![]), &open).is_understood());
    let create = TxEip1559 {
        chain_id: CHAIN,
        input: vec![0x60].into(),
        ..TxEip1559::default()
    };
    let create = read(create.encoded_for_signing(), DataType::Typed).unwrap();
    assert!(!shown(&create, &open).is_understood());
    let bytes = read(vec![0xff, 0xfe], DataType::Message).unwrap();
    assert!(!shown(&bytes, &open).is_understood());
    assert!(
        !shown(
            &read(typed_for_us(Address::repeat_byte(8)), DataType::TypedData).unwrap(),
            &open
        )
        .is_understood()
    );

    // Calls in calls in calls end somewhere.
    let mut inner = Uses::multicallCall { data: vec![] }.abi_encode();
    for _ in 0..6 {
        inner = Uses::multicallCall {
            data: vec![inner.into()],
        }
        .abi_encode();
    }
    assert!(!shown(&call(addresses().uses, inner), &open).is_understood());
    let many = Uses::multicallCall {
        data: vec![Bytes::from_static(&[1, 2, 3, 4]); 3_000],
    }
    .abi_encode();
    let many = call(addresses().uses, many);
    let refused = page_of(&many);
    assert!(refused.is_err());
}

fn page_of(content: &Content) -> Result<Page, super::show::TooLong> {
    page(
        &request("x", DataType::Message),
        content,
        FIRST,
        &Book::of_genesis(),
        &Openings::default(),
    )
}

/// A provider's answers, as its attester signs them.
fn typed_for_us(cases: Address) -> String {
    json!({
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"}, {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"},
            ],
            "Facts": [
                {"name": "caseId", "type": "bytes32"}, {"name": "ruleSet", "type": "bytes32"},
                {"name": "mask", "type": "uint32"}, {"name": "values", "type": "int32[]"}, {"name": "use", "type": "bytes32"},
            ],
        },
        "primaryType": "Facts",
        "domain": {"name": "Zhengtong Cases", "version": "1", "chainId": CHAIN, "verifyingContract": cases},
        "message": {
            "caseId": B256::repeat_byte(1), "ruleSet": B256::repeat_byte(2), "mask": 5, "values": [1, "-7"],
            "use": B256::repeat_byte(3),
        },
    })
    .to_string()
}

#[test]
fn typed_data_of_our_contracts_is_shown_and_hashed_as_they_do() {
    let content = read(typed_for_us(addresses().cases), DataType::TypedData).unwrap();
    let facts = Facts {
        case_id: B256::repeat_byte(1),
        rule_set: B256::repeat_byte(2),
        mask: 5,
        values: vec![1, -7],
        use_tag: B256::repeat_byte(3),
    };
    assert_eq!(
        content.hash(),
        facts_signing_hash(CHAIN, addresses().cases, &facts)
    );
    let page = shown(&content, &Openings::default());
    assert!(page.is_understood());
    assert_shows(
        &page,
        &[
            "办件编号 / case id: 0x0101",
            "[1]: -7 (int32)",
            "数据类型 / type of the data: Facts",
        ],
    );
    let elsewhere = typed_for_us(addresses().cases).replace("20260", "\"0x1\"");
    assert!(matches!(
        read(elsewhere, DataType::TypedData),
        Err(ContentError::Chain { found: 1, .. })
    ));
}

/// As the portal writes it (viem's `createSiweMessage`).
fn sign_in(address: Address, chain_id: u64) -> String {
    format!(
        "desk.example wants you to sign in with your Ethereum account:\n{address}\n\n登录办理平台\n\nURI: https://desk.example\n\
         Version: 1\nChain ID: {chain_id}\nNonce: 12345678abcd\nIssued At: 2026-11-26T00:00:00.000Z\n\
         Expiration Time: 2026-11-26T00:05:00.000Z"
    )
}

#[test]
fn a_sign_in_is_for_this_account_on_this_chain() {
    let text = sign_in(FIRST, CHAIN);
    let content = read(text.clone(), DataType::Message).unwrap();
    let page = shown(&content, &Openings::default());
    assert!(page.is_understood());
    assert_shows(
        &page,
        &[
            "网站 / site: desk.example",
            "网址 / address of the page: https://desk.example",
            "失效时间 / expires at: 2026-11-26T00:05:00.000Z",
            "|: 登录办理平台",
        ],
    );
    let other = read(sign_in(Address::repeat_byte(1), CHAIN), DataType::Message);
    assert!(matches!(other, Err(ContentError::OtherAccount { .. })));
    let other = read(sign_in(FIRST, 1), DataType::Message);
    assert!(matches!(other, Err(ContentError::Chain { found: 1, .. })));
    for (field, bad) in [
        ("Version: 1", "Version: 2"),
        ("Nonce: ", "Once: "),
        ("Chain ID: 20260", "Chain ID: 20260x"),
    ] {
        assert!(
            matches!(
                read(text.replace(field, bad), DataType::Message),
                Err(ContentError::SignIn)
            ),
            "{field}"
        );
    }
    // A statement that speaks as a field does.
    let double = text.replace("登录办理平台", "Chain ID: 1");
    assert_eq!(SignIn::parse(&double), None);
    assert!(shown(&read("hello", DataType::Message).unwrap(), &Openings::default()).is_understood());
}

#[test]
fn codes_on_the_screen_can_be_read_by_another_program() {
    let text = super::wire::Kind::HdKey.write(&words().account("Zhengtong").unwrap().encode());
    let drawn = super::screen::draw(&text).unwrap();
    let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
    let (size, scale) = (lines[0].len(), 4);
    let is_dark = |x: usize, y: usize| {
        let shown = lines.get(y / 2).map_or(' ', |line| line[x]);
        shown == '█' || shown == if y.is_multiple_of(2) { '▀' } else { '▄' }
    };
    let mut image = rqrr::PreparedImage::prepare_from_bitmap(size * scale, size * scale, |x, y| {
        is_dark(x / scale, y / scale)
    });
    let grids = image.detect_grids();
    let (_, read) = grids[0].decode().unwrap();
    assert_eq!(read, text.to_uppercase());
    assert!(super::screen::draw(&"a".repeat(10_000)).is_err());
}
