-- The read model. It holds nothing that the chain does not hold, and is rebuilt from it.
-- One text for SQLite and PostgreSQL: TEXT and BIGINT only. Hashes, keys and tags are
-- lower-case 0x hex; organisations, services and codes are slugs; times on the chain are unix
-- seconds and 0 means "not set"; flags are 0 or 1.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE cursor (
    id            BIGINT PRIMARY KEY CHECK (id = 1),
    number        BIGINT NOT NULL,
    hash          TEXT NOT NULL,
    timestamp_ms  BIGINT NOT NULL
);

CREATE TABLE contracts (
    address TEXT PRIMARY KEY,
    name    TEXT NOT NULL
);

CREATE TABLE organisations (
    id             TEXT PRIMARY KEY,
    attester       TEXT NOT NULL,
    roles          BIGINT NOT NULL,
    encryption_key TEXT NOT NULL,
    name           TEXT NOT NULL,
    gateway        TEXT NOT NULL
);

CREATE TABLE officers (
    officer      TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    active       BIGINT NOT NULL
);

CREATE TABLE statutes (
    id         TEXT PRIMARY KEY,
    law        TEXT NOT NULL,
    article    TEXT NOT NULL,
    text_hash  TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL
);

-- content: the rule set as JSON; encoded: its ABI encoding, whose keccak256 is the id.
CREATE TABLE rule_sets (
    id        TEXT PRIMARY KEY,
    publisher TEXT NOT NULL,
    content   TEXT NOT NULL,
    encoded   TEXT NOT NULL
);

CREATE TABLE services (
    slug              TEXT NOT NULL,
    version           BIGINT NOT NULL,
    owner             TEXT NOT NULL,
    sponsor           TEXT NOT NULL,
    package_hash      TEXT NOT NULL,
    rule_set          TEXT NOT NULL,
    promised_seconds  BIGINT NOT NULL,
    statutory_seconds BIGINT NOT NULL,
    appeal_seconds    BIGINT NOT NULL,
    active            BIGINT NOT NULL,
    credential_type   TEXT NOT NULL,
    uri               TEXT NOT NULL,
    published_at      BIGINT NOT NULL,
    PRIMARY KEY (slug, version)
);

-- decided_seconds: from opening to the first decision, -1 before it.
CREATE TABLE cases (
    id              TEXT PRIMARY KEY,
    service         TEXT NOT NULL,
    version         BIGINT NOT NULL,
    rule_set        TEXT NOT NULL,
    applicant       TEXT NOT NULL,
    form            TEXT NOT NULL,
    status          TEXT NOT NULL,
    cause           TEXT NOT NULL,
    events          BIGINT NOT NULL,
    opened_at       BIGINT NOT NULL,
    promised_by     BIGINT NOT NULL,
    statutory_by    BIGINT NOT NULL,
    appeal_by       BIGINT NOT NULL,
    paused_at       BIGINT NOT NULL,
    frozen          BIGINT NOT NULL,
    appeals         BIGINT NOT NULL,
    escalated       BIGINT NOT NULL,
    decided_seconds BIGINT NOT NULL,
    opened_block    BIGINT NOT NULL,
    opened_log      BIGINT NOT NULL
);
CREATE INDEX cases_newest ON cases (opened_block, opened_log);
CREATE INDEX cases_service ON cases (service, opened_block, opened_log);
CREATE INDEX cases_status ON cases (status, opened_block, opened_log);
CREATE INDEX cases_decided ON cases (service, decided_seconds);

-- state: asked, known, unknown. value is set when it is known.
CREATE TABLE facts (
    case_id   TEXT NOT NULL,
    predicate BIGINT NOT NULL,
    provider  TEXT NOT NULL,
    state     TEXT NOT NULL,
    value     BIGINT,
    use_tag   TEXT,
    PRIMARY KEY (case_id, predicate)
);

-- officer is empty when the rules decided. row_index 255: no row.
CREATE TABLE decisions (
    case_id      TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    service      TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    row_index    BIGINT NOT NULL,
    amount_fen   BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    statute      TEXT NOT NULL,
    statement    TEXT NOT NULL,
    officer      TEXT NOT NULL,
    decided_at   BIGINT NOT NULL,
    block_number BIGINT NOT NULL,
    tx_hash      TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
);

CREATE TABLE uses (
    tag          TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL,
    provider     TEXT NOT NULL,
    consumer     TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    basis        TEXT NOT NULL,
    mask         BIGINT NOT NULL,
    ciphertext   TEXT NOT NULL,
    block_number BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    tx_hash      TEXT NOT NULL
);
CREATE INDEX uses_case ON uses (case_id, block_number, log_index);

CREATE TABLE consents (
    id         TEXT NOT NULL,
    grantor    TEXT NOT NULL,
    provider   TEXT NOT NULL,
    service    TEXT NOT NULL,
    valid_to   BIGINT NOT NULL,
    granted_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (id, grantor)
);
CREATE INDEX consents_grantor ON consents (grantor);

CREATE TABLE credentials (
    case_id         TEXT NOT NULL,
    credential_hash TEXT NOT NULL,
    issuer          TEXT NOT NULL,
    credential_type TEXT NOT NULL,
    status_index    BIGINT NOT NULL,
    issued_at       BIGINT NOT NULL,
    block_number    BIGINT NOT NULL,
    tx_hash         TEXT NOT NULL,
    PRIMARY KEY (case_id, credential_hash)
);

CREATE TABLE status_roots (
    issuer TEXT NOT NULL,
    list   TEXT NOT NULL,
    root   TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, list)
);

-- Every event, in the order of the chain. seq is -1 for events without one.
CREATE TABLE events (
    block_number  BIGINT NOT NULL,
    log_index     BIGINT NOT NULL,
    block_time_ms BIGINT NOT NULL,
    tx_hash       TEXT NOT NULL,
    contract      TEXT NOT NULL,
    name          TEXT NOT NULL,
    case_id       TEXT NOT NULL,
    seq           BIGINT NOT NULL,
    args          TEXT NOT NULL,
    PRIMARY KEY (block_number, log_index)
);
CREATE INDEX events_case ON events (case_id, block_number, log_index);
