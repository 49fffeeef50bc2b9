// Generated from the OpenAPI document of the index by `npm run types`; do not edit.
export interface paths {
    "/api/v1/network": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Network"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        get: {
            parameters: {
                query?: {
                    q?: string;
                    department?: string;
                    page?: number;
                    per_page?: number;
                    available?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ItemPage"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ItemDetail"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Departments"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    service?: string;
                    status?: string;
                    page?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CasePage"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Case"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Bundle"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Statistics"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Demo"];
                    };
                };
                /** @description problem */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
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
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            field?: string;
        };
        Organisation: {
            slug: string;
            name: string;
            attester: string;
            roles: number;
            encryption_key: string;
            gateway: string;
        };
        Network: {
            chain_id: number;
            name: string;
            public_key: string;
            namespace: string;
            genesis_hash: string;
            validators: number;
            threshold: number;
            contracts: {
                [key: string]: string;
            };
            version: string;
            block_number: number;
            block_time_ms: number;
            organisations: components["schemas"]["Organisation"][];
        };
        Text: {
            "zh-CN": string;
            en: string;
        };
        RunningService: {
            slug: string;
            version: number;
            title: components["schemas"]["Text"];
        };
        Item: {
            item_code: string;
            name: string;
            department: string;
            group: string | null;
            task_type: number;
            service: components["schemas"]["RunningService"] | null;
        };
        ItemPage: {
            total: number;
            page: number;
            per_page: number;
            items: components["schemas"]["Item"][];
        };
        Department: {
            name: string;
            count: number;
        };
        Departments: {
            items: components["schemas"]["Department"][];
        };
        ItemDetail: {
            item_code: string;
            name: string;
            department: string;
            group: string | null;
            task_type: number;
            service: components["schemas"]["RunningService"] | null;
            package?: unknown;
        };
        /** @enum {string} */
        Status: "asking" | "review" | "supplement" | "approved" | "refused" | "closed";
        /** @enum {string} */
        Cause: "unknown" | "possible_refusal" | "rule_asks" | "appeal";
        /** @enum {string} */
        Outcome: "review" | "approve" | "refuse";
        Fact: {
            predicate: string;
            provider: string;
            value: number | null;
            /** @enum {string} */
            state: "asked" | "known" | "unknown";
            use: string | null;
        };
        Decision: {
            outcome: components["schemas"]["Outcome"];
            row: number;
            amount_fen: number;
            reason: string;
            statute: string;
            statement: string;
            officer: string | null;
            decided_at: number;
        };
        Use: {
            tag: string;
            provider: string;
            consumer: string;
            purpose: string;
            basis: string;
            mask: number;
            ciphertext: string;
            block_number: number;
            tx_hash: string;
        };
        Event: {
            name: string;
            seq: number | null;
            contract: string;
            block_number: number;
            block_time_ms: number;
            tx_hash: string;
            log_index: number;
            args: {
                [key: string]: unknown;
            };
        };
        Credential: {
            credential_hash: string;
            issuer: string;
            credential_type: string;
            status_index: number;
            issued_at: number;
        };
        Case: {
            id: string;
            service: string;
            version: number;
            rule_set: string;
            applicant: string;
            status: components["schemas"]["Status"];
            cause: components["schemas"]["Cause"];
            opened_at: number;
            promised_by: number;
            statutory_by: number;
            appeal_by: number;
            paused_at: number;
            frozen: boolean;
            facts: components["schemas"]["Fact"][];
            decision: components["schemas"]["Decision"] | null;
            uses: components["schemas"]["Use"][];
            events: components["schemas"]["Event"][];
            credential: components["schemas"]["Credential"] | null;
        };
        CaseRow: {
            id: string;
            service: string;
            version: number;
            status: components["schemas"]["Status"];
            cause: components["schemas"]["Cause"];
            opened_at: number;
            promised_by: number;
            statutory_by: number;
        };
        CasePage: {
            total: number;
            page: number;
            per_page: number;
            items: components["schemas"]["CaseRow"][];
        };
        Bundle: {
            format: string;
            network: unknown;
            case_id: string;
            receipts: unknown[];
            state: unknown;
        };
        ServiceStatistics: {
            service: string;
            cases: number;
            approved: number;
            refused: number;
            open: number;
            by_rules: number;
            median_seconds: number | null;
        };
        Statistics: {
            cases: number;
            by_status: {
                [key: string]: number;
            };
            decisions_by_rules: number;
            decisions_by_officers: number;
            uses: number;
            median_seconds: number | null;
            services: components["schemas"]["ServiceStatistics"][];
            uses_by_provider: {
                [key: string]: number;
            };
        };
        DemoResident: {
            label: string;
            number: string;
            code: string;
            expected: string;
        };
        DemoOfficer: {
            label: string;
            organisation: string;
            address: string;
            mnemonic?: string;
            privateKey?: string;
        };
        Demo: {
            residents: components["schemas"]["DemoResident"][];
            officers: components["schemas"]["DemoOfficer"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
