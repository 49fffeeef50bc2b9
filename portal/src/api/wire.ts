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
                    available?: boolean;
                    page?: number;
                    per_page?: number;
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
                        "application/json": components["schemas"]["Page_CatalogueItem"];
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
                        "application/json": components["schemas"]["ServiceDetail"];
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
                    per_page?: number;
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
                        "application/json": components["schemas"]["Page_CaseSummary"];
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
                        "application/json": Record<string, unknown>;
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
            id: string;
            name: string;
            roles: number;
            attester: string;
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
        /** @enum {string} */
        ServiceState: "running" | "inactive" | "unpublished" | "package_mismatch" | "package_missing";
        ServiceSummary: {
            slug: string;
            version?: number | null;
            title: {
                [key: string]: string;
            };
            state: components["schemas"]["ServiceState"];
        };
        CatalogueItem: {
            item_code: string;
            name: string;
            department: string;
            group?: string | null;
            task_type: number;
            service?: null | components["schemas"]["ServiceSummary"];
        };
        Page_CatalogueItem: {
            total: number;
            page: number;
            per_page: number;
            items: components["schemas"]["CatalogueItem"][];
        };
        Department: {
            name: string;
            count: number;
            running: number;
        };
        Departments: {
            items: components["schemas"]["Department"][];
        };
        PublishedService: {
            slug: string;
            version: number;
            owner: string;
            sponsor: string;
            package_hash: string;
            rule_set: string;
            promised_seconds: number;
            statutory_seconds: number;
            appeal_seconds: number;
            active: boolean;
            credential_type: string;
            uri: string;
            published_at: number;
        };
        PackageError: {
            published_hash: string;
            local_hash: string;
        };
        ServiceDetail: {
            item?: null | components["schemas"]["CatalogueItem"];
            service?: null | components["schemas"]["ServiceSummary"];
            published?: null | components["schemas"]["PublishedService"];
            package?: Record<string, unknown> | null;
            error?: null | components["schemas"]["PackageError"];
        };
        /** @enum {string} */
        Status: "asking" | "review" | "supplement" | "approved" | "refused" | "closed";
        /** @enum {string} */
        Cause: "unknown" | "possible_refusal" | "rule_asks" | "appeal";
        /** @enum {string} */
        Outcome: "review" | "approve" | "refuse";
        /** @enum {string} */
        FactState: "asked" | "known" | "unknown";
        Fact: {
            predicate: string;
            index: number;
            provider: string;
            state: components["schemas"]["FactState"];
            value?: number | null;
            use?: string | null;
        };
        Decision: {
            seq: number;
            outcome: components["schemas"]["Outcome"];
            row?: number | null;
            amount_fen: number;
            reason: string;
            statute: string;
            statement: string;
            officer?: string | null;
            decided_at: number;
            block_number: number;
            tx_hash: string;
        };
        UseRecord: {
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
        EventRecord: {
            name: string;
            seq?: number | null;
            contract: string;
            case_id?: string | null;
            block_number: number;
            block_time_ms: number;
            tx_hash: string;
            log_index: number;
            args: Record<string, unknown>;
        };
        CredentialRecord: {
            issuer: string;
            credential_type: string;
            credential_hash: string;
            status_index: number;
            issued_at: number;
            block_number: number;
            tx_hash: string;
        };
        CaseSummary: {
            id: string;
            service: string;
            version: number;
            status: components["schemas"]["Status"];
            cause?: null | components["schemas"]["Cause"];
            opened_at: number;
            promised_by: number;
            statutory_by: number;
            appeal_by?: number | null;
            paused_at?: number | null;
            frozen: boolean;
            escalated: boolean;
            appeals: number;
        };
        Page_CaseSummary: {
            total: number;
            page: number;
            per_page: number;
            items: components["schemas"]["CaseSummary"][];
        };
        Case: components["schemas"]["CaseSummary"] & {
            rule_set: string;
            applicant: string;
            form: string;
            facts: components["schemas"]["Fact"][];
            decision?: null | components["schemas"]["Decision"];
            uses: components["schemas"]["UseRecord"][];
            events: components["schemas"]["EventRecord"][];
            credential?: null | components["schemas"]["CredentialRecord"];
        };
        ServiceStatistics: {
            service: string;
            opened?: number | null;
            approved_by_rule?: number | null;
            approved_by_officer?: number | null;
            refused_by_officer?: number | null;
            in_review?: number | null;
            waiting_for_applicant?: number | null;
            waiting_for_facts?: number | null;
            appealed?: number | null;
            median_seconds?: number | null;
            p90_seconds?: number | null;
        };
        ProviderStatistics: {
            provider: string;
            uses?: number | null;
        };
        Statistics: {
            height: number;
            smallest_count: number;
            total: components["schemas"]["ServiceStatistics"];
            services: components["schemas"]["ServiceStatistics"][];
            providers: components["schemas"]["ProviderStatistics"][];
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
