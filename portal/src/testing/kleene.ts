/** A reading of the decision table written only for the fakes; the product's evaluator is `src/rules`. */
import type { RuleTable } from "../package/types";
import type { Evaluation } from "../ports";

export const NO_ROW = 255;

export function kleene(rules: RuleTable, facts: (number | null)[]): Evaluation {
  for (const [index, row] of rules.rows.entries()) {
    let holds: boolean | null = true;
    for (const [id, literal] of Object.entries(row.when)) {
      const value = facts[rules.predicates.findIndex((predicate) => predicate.id === id)] ?? null;
      const one = value === null ? null : typeof literal === "boolean" ? (value === 1) === literal : value >= literal.min && value <= literal.max;
      if (one === false) holds = false;
      else if (one === null && holds) holds = null;
    }
    if (holds === true) return { outcome: row.outcome, row: index };
    if (holds === null) return { outcome: "review", row: NO_ROW };
  }
  return { outcome: "review", row: NO_ROW };
}
