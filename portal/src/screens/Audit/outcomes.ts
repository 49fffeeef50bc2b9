/** Where a case can stand, as the statistics count it: these six sum to all cases. */
export const OUTCOMES = ["approved_by_rule", "approved_by_officer", "refused_by_officer", "in_review", "waiting_for_applicant", "waiting_for_facts"] as const;
