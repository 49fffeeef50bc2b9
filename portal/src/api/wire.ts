// Generated from the OpenAPI document of the index by `npm run types`; do not edit.
export interface paths {
    "/api/v1/cases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists cases, newest first. */
        get: operations["listCases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives everything that is public about a case. */
        get: operations["getCase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cases/{id}/bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Gives everything needed to check a case without trusting this server: receipts with their
         *     certificates and proofs, and a proof of the case's storage.
         */
        get: operations["getCaseBundle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cases/{id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows the events of one case. */
        get: operations["followCase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/departments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the departments with the number of their items. */
        get: operations["listDepartments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows every event of the chain. */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/network": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describes the network. */
        get: operations["getNetwork"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the organisations of the `Registry`. */
        get: operations["listOrganisations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-sets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives a published rule set. */
        get: operations["getRuleSet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists and searches the items of the catalogue.
         * @description Words of `q` are looked for in name, code, titles of the package (Chinese and English),
         *     department and group; all must be found. Exact matches come first, then beginnings, then parts.
         */
        get: operations["listServices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives one item by its code, or one service by its slug, with its package if it has one. */
        get: operations["getService"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts cases and times by service, and uses of data by provider.
         * @description Small counts are held back: see `smallest_count`.
         */
        get: operations["getStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statutes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the articles of law on which data is used and decisions are made. */
        get: operations["listStatutes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says whether the chain moves and the index follows. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        BracketJson: {
            /** Format: int32 */
            max: number;
            /** Format: int32 */
            min: number;
            /**
             * Format: int32
             * @description Place of the predicate.
             */
            predicate: number;
        };
        /** @description A case with everything that is public about it. */
        Case: components["schemas"]["CaseSummary"] & {
            /** @description Key of the case; a fresh one for every case. */
            applicant: string;
            credential?: components["schemas"]["CredentialRecord"] | null;
            decision?: components["schemas"]["Decision"] | null;
            /** @description Every event of the case, in the order of the chain. */
            events: components["schemas"]["EventRecord"][];
            facts: components["schemas"]["Fact"][];
            /** @description Commitment to the form. */
            form: string;
            /** @description Id of the rule set that decides. */
            rule_set: string;
            uses: components["schemas"]["UseRecord"][];
        };
        /** @description A case in a list. */
        CaseSummary: {
            /**
             * Format: int64
             * @description Set after a decision: until when the applicant may appeal.
             */
            appeal_by?: number | null;
            /** Format: int32 */
            appeals: number;
            cause?: components["schemas"]["Cause"] | null;
            escalated: boolean;
            /** @description An appeal holds the effect of the decision back. */
            frozen: boolean;
            id: string;
            /**
             * Format: int64
             * @description Unix seconds, like all times of a case.
             */
            opened_at: number;
            /**
             * Format: int64
             * @description Set while the clocks stand still.
             */
            paused_at?: number | null;
            /** Format: int64 */
            promised_by: number;
            /** @description Slug of the service. */
            service: string;
            status: components["schemas"]["Status"];
            /** Format: int64 */
            statutory_by: number;
            /**
             * Format: int32
             * @description Version of the service when the case was opened.
             */
            version: number;
        };
        /** @description One item of the published catalogue, 政务服务事项. */
        CatalogueItem: {
            department: string;
            group?: string | null;
            /** @description 实施编码. */
            item_code: string;
            name: string;
            service?: components["schemas"]["ServiceSummary"] | null;
            /**
             * Format: int32
             * @description 1 licence, 5 benefit, 7 confirmation, 8 award, 9 ruling, 10 other power, 20 public service.
             */
            task_type: number;
        };
        /**
         * @description Why a person looks at a case.
         * @enum {string}
         */
        Cause: "unknown" | "possible_refusal" | "rule_asks" | "appeal";
        ChainHealth: {
            /**
             * Format: int64
             * @description Age of that block.
             */
            age_ms?: number | null;
            /**
             * Format: int64
             * @description Newest finalized block; null when the node does not answer.
             */
            height?: number | null;
        };
        CredentialRecord: {
            /** Format: int64 */
            block_number: number;
            credential_hash: string;
            credential_type: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            issued_at: number;
            issuer: string;
            /** Format: int32 */
            status_index: number;
            tx_hash: string;
        };
        Decision: {
            /**
             * Format: int64
             * @description A month or once, as the service says.
             */
            amount_fen: number;
            /** Format: int64 */
            block_number: number;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            decided_at: number;
            /** @description Key of the officer; null when the rules decided. */
            officer?: string | null;
            outcome: components["schemas"]["Outcome"];
            /** @description Reason code. */
            reason: string;
            /**
             * Format: int32
             * @description The row of the rule set, from 0; null when no row led to it.
             */
            row?: number | null;
            /** Format: int32 */
            seq: number;
            /** @description Commitment to the officer's statement; zero when there is none. */
            statement: string;
            /** @description Id of the statute. */
            statute: string;
            tx_hash: string;
        };
        /** @description A department with the number of its items (`count`). */
        Department: {
            /** Format: int32 */
            count: number;
            name: string;
            /**
             * Format: int32
             * @description How many of them run.
             */
            running: number;
        };
        Departments: {
            items: components["schemas"]["Department"][];
        };
        /** @description An event of the chain. */
        EventRecord: {
            /** @description The event's arguments, by name. */
            args: Record<string, unknown>;
            /** Format: int64 */
            block_number: number;
            /**
             * Format: int64
             * @description Unix milliseconds.
             */
            block_time_ms: number;
            /** @description The case, if it is about one. */
            case_id?: string | null;
            /** @description Name of the contract in the `Registry`. */
            contract: string;
            /**
             * Format: int32
             * @description Index of the log in its block.
             */
            log_index: number;
            name: string;
            /**
             * Format: int32
             * @description Place in the case, for the events of `Cases`.
             */
            seq?: number | null;
            tx_hash: string;
        };
        Fact: {
            /**
             * Format: int32
             * @description Place of the predicate in the rule set.
             */
            index: number;
            /** @description Slug of the predicate. */
            predicate: string;
            /** @description Slug of the organisation that answers. */
            provider: string;
            state: components["schemas"]["FactState"];
            /** @description Tag of the use record under which the source looked. */
            use?: string | null;
            /**
             * Format: int32
             * @description Set when the fact is known; yes is 1 and no is 0.
             */
            value?: number | null;
        };
        /**
         * @description Where a fact stands.
         * @enum {string}
         */
        FactState: "asked" | "known" | "unknown";
        /** @description How the process does. */
        Health: {
            chain: components["schemas"]["ChainHealth"];
            /** @description What is wrong, when something is. */
            detail?: string | null;
            index: components["schemas"]["IndexHealth"];
            status: components["schemas"]["HealthStatus"];
        };
        /** @enum {string} */
        HealthStatus: "ok" | "chain_stalled" | "index_behind" | "index_stopped";
        IndexHealth: {
            /** Format: int64 */
            height: number;
            /**
             * Format: int64
             * @description Blocks between the index and the node; null when the node does not answer.
             */
            lag_blocks?: number | null;
        };
        /** @description The network, from its node; every value can be had from any other node too. */
        Network: {
            /**
             * Format: int64
             * @description Last block in the index.
             */
            block_number: number;
            /**
             * Format: int64
             * @description Unix milliseconds.
             */
            block_time_ms: number;
            /** Format: int64 */
            chain_id: number;
            /** @description Addresses of the contracts by their name in the `Registry`. */
            contracts: {
                [key: string]: string;
            };
            genesis_hash: string;
            name: string;
            /** @description Namespace of the validators' signatures, hex. */
            namespace: string;
            organisations: components["schemas"]["Organisation"][];
            /** @description The one key that verifies everything: BLS12-381, G2, compressed. */
            public_key: string;
            /** Format: int32 */
            threshold: number;
            /** Format: int32 */
            validators: number;
            /** @description Version of the node. */
            version: string;
        };
        /** @description An institution listed in the `Registry`. */
        Organisation: {
            attester: string;
            /** @description X25519 public key. */
            encryption_key: string;
            gateway: string;
            id: string;
            name: string;
            /**
             * Format: int32
             * @description Bits: 1 provider, 2 decider, 4 identity, 8 issuer.
             */
            roles: number;
        };
        Organisations: {
            items: components["schemas"]["Organisation"][];
        };
        /**
         * @description What a row, or a decision, says.
         * @enum {string}
         */
        Outcome: "review" | "approve" | "refuse";
        /** @description The package here and the package on the chain. */
        PackageError: {
            local_hash: string;
            published_hash: string;
        };
        /** @description One page of a list. */
        Page_CaseSummary: {
            items: {
                /**
                 * Format: int64
                 * @description Set after a decision: until when the applicant may appeal.
                 */
                appeal_by?: number | null;
                /** Format: int32 */
                appeals: number;
                cause?: components["schemas"]["Cause"] | null;
                escalated: boolean;
                /** @description An appeal holds the effect of the decision back. */
                frozen: boolean;
                id: string;
                /**
                 * Format: int64
                 * @description Unix seconds, like all times of a case.
                 */
                opened_at: number;
                /**
                 * Format: int64
                 * @description Set while the clocks stand still.
                 */
                paused_at?: number | null;
                /** Format: int64 */
                promised_by: number;
                /** @description Slug of the service. */
                service: string;
                status: components["schemas"]["Status"];
                /** Format: int64 */
                statutory_by: number;
                /**
                 * Format: int32
                 * @description Version of the service when the case was opened.
                 */
                version: number;
            }[];
            /**
             * Format: int32
             * @description The page, from 1.
             */
            page: number;
            /** Format: int32 */
            per_page: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description One page of a list. */
        Page_CatalogueItem: {
            items: {
                department: string;
                group?: string | null;
                /** @description 实施编码. */
                item_code: string;
                name: string;
                service?: components["schemas"]["ServiceSummary"] | null;
                /**
                 * Format: int32
                 * @description 1 licence, 5 benefit, 7 confirmation, 8 award, 9 ruling, 10 other power, 20 public service.
                 */
                task_type: number;
            }[];
            /**
             * Format: int32
             * @description The page, from 1.
             */
            page: number;
            /** Format: int32 */
            per_page: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        PredicateJson: {
            /** @description Id of a statute, or `keccak256("consent")`. */
            basis: string;
            id: string;
            /** Format: int32 */
            max: number;
            /** Format: int32 */
            min: number;
            provider: string;
        };
        /** @description What was wrong with a request. */
        Problem: {
            detail: string;
            /** @description The parameter that was wrong. */
            field?: string | null;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description `urn:zhengtong:problem:` and one of `bad-parameter`, `not-found`, `try-later`, `internal`. */
            type: string;
        };
        /** @description How often an organisation used data it holds. */
        ProviderStatistics: {
            provider: string;
            /**
             * Format: int64
             * @description Null: held back.
             */
            uses?: number | null;
        };
        /** @description A version of a service on the chain. */
        PublishedService: {
            active: boolean;
            /** Format: int32 */
            appeal_seconds: number;
            credential_type: string;
            owner: string;
            package_hash: string;
            /** Format: int32 */
            promised_seconds: number;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            published_at: number;
            rule_set: string;
            slug: string;
            sponsor: string;
            /** Format: int32 */
            statutory_seconds: number;
            uri: string;
            /** Format: int32 */
            version: number;
        };
        RowJson: {
            /** Format: int64 */
            amount_fen: number;
            brackets: components["schemas"]["BracketJson"][];
            /**
             * Format: int32
             * @description Bits of the predicates that must be 0.
             */
            false_mask: number;
            outcome: components["schemas"]["Outcome"];
            reason: string;
            statute: string;
            /**
             * Format: int32
             * @description Bits of the predicates that must be 1.
             */
            true_mask: number;
        };
        /** @description The content of a rule set. */
        RuleSetJson: {
            predicates: components["schemas"]["PredicateJson"][];
            rows: components["schemas"]["RowJson"][];
        };
        /** @description A rule set. `encoded` is its ABI encoding: its keccak256 is the id. */
        RuleSetView: components["schemas"]["RuleSetJson"] & {
            encoded: string;
            id: string;
            publisher: string;
        };
        /** @description One item, or one service, with its package. */
        ServiceDetail: {
            error?: components["schemas"]["PackageError"] | null;
            item?: components["schemas"]["CatalogueItem"] | null;
            /** @description The whole package, when the service runs or is switched off. */
            package?: Record<string, unknown> | null;
            published?: components["schemas"]["PublishedService"] | null;
            service?: components["schemas"]["ServiceSummary"] | null;
        };
        /**
         * @description Whether one can apply.
         * @enum {string}
         */
        ServiceState: "running" | "inactive" | "unpublished" | "package_mismatch" | "package_missing";
        /** @description One service. The six counts after `opened` sum to it. Null: held back. */
        ServiceStatistics: {
            /**
             * Format: int64
             * @description Cases that were appealed, whatever their status.
             */
            appealed?: number | null;
            /** Format: int64 */
            approved_by_officer?: number | null;
            /** Format: int64 */
            approved_by_rule?: number | null;
            /** Format: int64 */
            in_review?: number | null;
            /**
             * Format: int64
             * @description From opening to the first decision; null under `smallest_count` decided cases.
             */
            median_seconds?: number | null;
            /** Format: int64 */
            opened?: number | null;
            /** Format: int64 */
            p90_seconds?: number | null;
            /** Format: int64 */
            refused_by_officer?: number | null;
            service: string;
            /** Format: int64 */
            waiting_for_applicant?: number | null;
            /** Format: int64 */
            waiting_for_facts?: number | null;
        };
        /** @description A service in a list. */
        ServiceSummary: {
            slug: string;
            state: components["schemas"]["ServiceState"];
            /** @description Title by language: `zh-CN`, `en`. */
            title: {
                [key: string]: string;
            };
            /**
             * Format: int32
             * @description Latest version on the chain.
             */
            version?: number | null;
        };
        Statistics: {
            /**
             * Format: int64
             * @description Block up to which it is counted.
             */
            height: number;
            providers: components["schemas"]["ProviderStatistics"][];
            services: components["schemas"]["ServiceStatistics"][];
            /**
             * Format: int64
             * @description Counts of 1 to `smallest_count` − 1 are null, and so is a second count where the first
             *     could be worked out from the others.
             */
            smallest_count: number;
            /** @description All services together; its `service` is empty. */
            total: components["schemas"]["ServiceStatistics"];
        };
        /**
         * @description Where a case stands.
         * @enum {string}
         */
        Status: "asking" | "review" | "supplement" | "approved" | "refused" | "closed";
        /** @description An article of law listed in `Statutes`. */
        Statute: {
            article: string;
            id: string;
            law: string;
            text_hash: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            valid_from: number;
            /**
             * Format: int64
             * @description Unix seconds; null while it is open.
             */
            valid_to?: number | null;
        };
        Statutes: {
            items: components["schemas"]["Statute"][];
        };
        /** @description One use of personal data. Its details are readable by the person concerned alone. */
        UseRecord: {
            /** @description Id of a statute or of a consent. */
            basis: string;
            /** Format: int64 */
            block_number: number;
            ciphertext: string;
            consumer: string;
            /**
             * Format: int32
             * @description Bits of the predicates asked.
             */
            mask: number;
            provider: string;
            /** @description Slug of the service. */
            purpose: string;
            tag: string;
            tx_hash: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listCases: {
        parameters: {
            query?: {
                /** @description Slug of a service */
                service?: string;
                /** @description Where the case stands */
                status?: components["schemas"]["Status"];
                /** @description From 1 to 10,000 */
                page?: number;
                /** @description From 1 to 100, 20 if not given */
                per_page?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CaseSummary"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the case: 0x and 64 hexadecimal digits */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Case"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCaseBundle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the case: 0x and 64 hexadecimal digits */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Format zhengtong-case-bundle/1, see docs/proofs.md */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followCase: {
        parameters: {
            query?: {
                /** @description Id of the last event seen; Last-Event-ID has precedence */
                after?: string;
            };
            header?: {
                /** @description Id of the last event seen */
                "Last-Event-ID"?: string | null;
            };
            path: {
                /** @description Id of the case; it may not be there yet */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDepartments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Departments"];
                };
            };
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /** @description Id of the last event seen; Last-Event-ID has precedence */
                after?: string;
            };
            header?: {
                /** @description Id of the last event seen */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getNetwork: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Network"];
                };
            };
        };
    };
    listOrganisations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organisations"];
                };
            };
        };
    };
    getRuleSet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the rule set: 0x and 64 hexadecimal digits */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleSetView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listServices: {
        parameters: {
            query?: {
                /** @description Words to look for, at most 100 characters */
                q?: string;
                /** @description Exact name of a department */
                department?: string;
                /** @description Only items that run, or only items that do not */
                available?: boolean;
                /** @description From 1 to 10,000 */
                page?: number;
                /** @description From 1 to 100, 20 if not given */
                per_page?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CatalogueItem"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getService: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Item code, or slug of the service */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceDetail"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
        };
    };
    listStatutes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statutes"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
}
